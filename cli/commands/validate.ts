import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { checkSpec } from '../planning.ts';

export const run: Run = async (args, session) => {
  const { experiment, nodes } = checkSpec(args, session);
  const stages = new Set(nodes.map(({ stage }) => stage)).size;
  if (session.json) session.print(JSON.stringify({ experiment, stages, nodes: nodes.map(({ id }) => id) }));
  else session.print(`${experiment} is right: ${stages} stages, ${nodes.length} nodes`);
  return exitCodes.ok;
};
