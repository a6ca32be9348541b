import { attach } from '../../client/attach.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { followToEnd } from '../outcome.ts';
import { readWorkers } from '../resources.ts';

export const run: Run = async (args, session) => {
  const reached = await attach(args.first, readWorkers(args, session), callerOf(session));
  return followToEnd(reached, args.text('out'), session);
};
