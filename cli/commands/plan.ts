import { plan } from '../../client/planning.ts';
import { commandLine } from '../../client/shell.ts';
import type { NodeStatus } from '../../core/plan.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { overridesOf } from '../overrides.ts';
import { printResult } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const save = args.text('save');
  const result = await plan({ path: args.first, set: overridesOf(args), save }, callerOf(session));
  const { nodes, run, experiment, saved } = result;
  const count = (state: string): number => nodes.filter(({ status }) => status.state === state).length;
  const adopted = nodes.filter(({ status }) => isAdopted(status)).length;
  const hits = `${plural(count('hit'), 'hit')}${adopted > 0 ? ` (${adopted} adopted)` : ''}`;
  const lines = [
    ...alignColumns(
      nodes.map(({ node, status }) => [stateOf(status), node.id, node.kind, 'reason' in status ? status.reason : '']),
    ),
    `${run}: ${hits}, ${plural(count('miss'), 'miss', 'misses')}, ${count('pending')} waiting for them`,
    ...(save === undefined ? [] : [`saved: "${commandLine('run', save)}" executes exactly this plan`]),
  ];
  const actions = nodes.map(({ node, status }) => ({ ...node, status }));
  printResult(session, { run, experiment, saved, actions }, lines.join('\n'), 2);
  return exitCodes.ok;
};

const isAdopted = (status: NodeStatus): boolean => status.state === 'hit' && status.adopted === true;

const stateOf = (status: NodeStatus): string => (isAdopted(status) ? 'hit (adopted)' : status.state);
