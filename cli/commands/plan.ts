import { resolve } from 'node:path';
import type { Run } from '../command.ts';
import { connectStore } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { makePlan, statusOf } from '../planning.ts';
import { runIdOf } from '../runs.ts';
import { checkHits, savePlan } from '../saved-plans.ts';
import { commandLine } from '../shell.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const planned = await makePlan(args, session);
  const { plan } = planned;
  const store = await connectStore(session);
  const status = await statusOf(plan, store);
  checkHits(planned, status, session);
  const { nodes } = status;
  const save = args.text('save');
  if (save !== undefined) savePlan(resolve(session.cwd, save), planned, status);
  const rows = plan.nodes.map((node) => ({ node, status: nodes.get(node.id) ?? { state: 'pending', reason: '' } }));
  if (session.json) {
    const actions = rows.map(({ node, status }) => ({ ...node, status }));
    const saved = save === undefined ? {} : { saved: resolve(session.cwd, save) };
    session.print(JSON.stringify({ run: runIdOf(plan), experiment: plan.experiment, ...saved, actions }, null, 2));
    return exitCodes.ok;
  }
  const lines = rows.map(({ node, status }) => [
    status.state === 'hit' && status.adopted ? 'hit (adopted)' : status.state,
    node.id,
    node.kind,
    'reason' in status ? status.reason : '',
  ]);
  session.print(alignColumns(lines).join('\n'));
  const count = (state: string): number => rows.filter(({ status }) => status.state === state).length;
  const adopted = rows.filter(({ status }) => status.state === 'hit' && status.adopted).length;
  const hits = `${count('hit')} hits${adopted > 0 ? ` (${adopted} adopted)` : ''}`;
  session.print(`${runIdOf(plan)}: ${hits}, ${count('miss')} misses, ${count('pending')} wait for them`);
  if (save !== undefined) session.print(`saved: "${commandLine('run', save)}" executes exactly this plan`);
  return exitCodes.ok;
};
