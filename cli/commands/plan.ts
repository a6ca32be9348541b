import type { Run } from '../command.ts';
import { connectStore } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { makePlan, statusOf } from '../planning.ts';
import { runIdOf } from '../runs.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const plan = await makePlan(args, session);
  const store = await connectStore(session);
  const { nodes } = await statusOf(plan, store);
  const rows = plan.nodes.map((node) => ({ node, status: nodes.get(node.id) ?? { state: 'pending', reason: '' } }));
  if (session.json) {
    const actions = rows.map(({ node, status }) => ({ ...node, status }));
    session.print(JSON.stringify({ run: runIdOf(plan), experiment: plan.experiment, actions }, null, 2));
    return exitCodes.ok;
  }
  const lines = rows.map(({ node, status }) => [
    status.state,
    node.id,
    node.kind,
    'reason' in status ? status.reason : '',
  ]);
  session.print(alignColumns(lines).join('\n'));
  const count = (state: string): number => rows.filter(({ status }) => status.state === state).length;
  session.print(`${runIdOf(plan)}: ${count('hit')} hits, ${count('miss')} misses, ${count('pending')} wait for them`);
  return exitCodes.ok;
};
