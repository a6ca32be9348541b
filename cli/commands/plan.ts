import { commandLines, commandsIn } from '../../client/commands.ts';
import { defaultTflops } from '../../client/estimating.ts';
import { type EstimateRequest, type PlanResult, plan } from '../../client/planning.ts';
import { commandLine } from '../../client/shell.ts';
import { usageError } from '../../client/usage-error.ts';
import type { NodeStatus } from '../../core/plan.ts';
import { plural } from '../../core/words.ts';
import type { Arguments, Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { overridesOf } from '../overrides.ts';
import { readDevice } from '../resources.ts';
import { printResult } from '../session.ts';
import { costOf, estimateLines } from '../view/estimate.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const save = args.text('save');
  const wanted = estimateWanted(args);
  const request = { path: args.first, set: overridesOf(args), save, ...(wanted && { estimate: wanted }) };
  const result = await plan(request, callerOf(session));
  const { nodes, run, experiment, saved, estimate } = result;
  const lines = [
    ...alignColumns(
      nodes.map(({ node, status }) => [
        stateOf(status),
        node.id,
        node.kind,
        ...(estimate ? costOf(estimate.nodes.get(node.id)) : []),
        reasonOf(status, estimate?.nodes.get(node.id)?.sameAs),
      ]),
    ),
    summaryOf(result),
    ...programLines(nodes),
    ...(estimate ? estimateLines(estimate) : []),
    ...(save === undefined ? [] : [`saved: "${commandLine('run', save)}" executes exactly this plan`]),
  ];
  const actions = nodes.map(({ node, status }) => {
    const { work, ...cost } = estimate?.nodes.get(node.id) ?? {};
    return { ...node, status, ...(estimate && { estimate: { multiplyAdds: work, ...cost } }) };
  });
  const { nodes: _, ...sums } = estimate ?? {};
  printResult(session, { run, experiment, saved, actions, ...(estimate && { estimate: sums }) }, lines.join('\n'), 2);
  return exitCodes.ok;
};

const programLines = (nodes: PlanResult['nodes']): string[] => {
  const commands = commandsIn({ nodes: nodes.map(({ node }) => node) });
  return commands.length === 0 ? [] : ['programs of the spec itself:', ...commandLines(commands)];
};

/** Undefined where nothing is to be estimated. */
const estimateWanted = (args: Arguments): EstimateRequest | undefined => {
  const [tflops, device, probe] = [args.text('tflops'), readDevice(args), args.flag('probe')];
  if (args.flag('estimate'))
    return { tflops: tflops === undefined ? defaultTflops : speedOf(tflops), probe, ...(device && { device }) };
  if (probe) throw usageError('--probe measures this machine for an estimate', 'add --estimate');
  if (tflops !== undefined) throw usageError('--tflops says how fast a GPU is in an estimate', 'add --estimate');
  if (device) throw usageError('--device says which machines an estimate is for', 'add --estimate');
  return undefined;
};

const speedOf = (given: string): number => {
  if (/^\d+(\.\d+)?$/.test(given) && Number(given) > 0) return Number(given);
  throw usageError(`--tflops must be a number above 0, got ${given}`, `--tflops ${defaultTflops}`);
};

const reasonOf = (status: NodeStatus, sameAs: string | undefined): string =>
  [...('reason' in status ? [status.reason] : []), ...(sameAs === undefined ? [] : [`same action as ${sameAs}`])].join(
    '; ',
  );

const summaryOf = ({ run, experiment, nodes }: PlanResult): string => {
  const count = (state: string): number => nodes.filter(({ status }) => status.state === state).length;
  const adopted = nodes.filter(({ status }) => isAdopted(status)).length;
  const absent = count('absent');
  const parts = [
    `${plural(count('hit'), 'hit')}${adopted > 0 ? ` (${adopted} adopted)` : ''}`,
    plural(count('miss'), 'miss', 'misses'),
    ...(absent > 0 ? [`${absent} whose files are missing`] : []),
    `${count('pending')} waiting for them`,
  ];
  return `${run ?? experiment}: ${parts.join(', ')}`;
};

const isAdopted = (status: NodeStatus): boolean => status.state === 'hit' && status.adopted === true;

const stateOf = (status: NodeStatus): string => (isAdopted(status) ? 'hit (adopted)' : status.state);
