import { validate } from '../../client/planning.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { overridesOf } from '../overrides.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const { experiment, savedPlan, nodes } = validate({ path: args.first, set: overridesOf(args) }, session);
  const ids = nodes.map(({ id }) => id);
  const stages = new Set(nodes.map(({ stage }) => stage)).size;
  const size = plural(nodes.length, 'node');
  if (savedPlan)
    printResult(
      session,
      { experiment, savedPlan, nodes: ids },
      `${experiment} is a saved plan without damage: ${size}`,
    );
  else
    printResult(
      session,
      { experiment, stages, nodes: ids },
      `${experiment} has no mistakes: ${plural(stages, 'stage')}, ${size}`,
    );
  return exitCodes.ok;
};
