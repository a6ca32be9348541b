import { checkSpec } from '../../client/planning.ts';
import { openSavedPlan } from '../../client/saved-plans.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async (args, session) => {
  const file = openSavedPlan(args, session);
  if (file) {
    const { experiment, nodes } = file.saved.plan;
    if (session.json) session.print(JSON.stringify({ experiment, savedPlan: true, nodes: nodes.map(({ id }) => id) }));
    else session.print(`${experiment} is a saved plan, and whole: ${nodes.length} nodes`);
    return exitCodes.ok;
  }
  const { experiment, nodes } = checkSpec(args, session);
  const stages = new Set(nodes.map(({ stage }) => stage)).size;
  if (session.json) session.print(JSON.stringify({ experiment, stages, nodes: nodes.map(({ id }) => id) }));
  else session.print(`${experiment} is right: ${stages} stages, ${nodes.length} nodes`);
  return exitCodes.ok;
};
