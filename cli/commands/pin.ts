import type { Caller } from '../../client/caller.ts';
import { listPins, pin, unpin } from '../../client/pins.ts';
import { shortDigest } from '../../core/digest.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult, type Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const caller = callerOf(session);
  const [name] = args.positionals;
  if (name === undefined) await showPins(caller, session);
  else if (args.flag('remove')) {
    const { digest, unpinned } = await unpin(name, caller);
    const how = unpinned ? 'is no longer pinned' : 'was not pinned';
    printResult(session, { digest, unpinned }, `${shortDigest(digest)} ${how}`);
  } else {
    const ref = await pin(name, args.text('because'), caller);
    printResult(session, { pinned: ref }, `${name} is pinned: ${ref.type} ${ref.digest}`);
  }
  return exitCodes.ok;
};

const showPins = async (caller: Caller, session: Session): Promise<void> => {
  const pins = await listPins(caller);
  const rows = pins.map(({ ref, name, at, because }) => [ref.digest, ref.type, name, at, because]);
  const text = pins.length === 0 ? 'nothing is pinned: cemiflow pin RUN:NODE' : alignColumns(rows).join('\n');
  printResult(session, pins, text, 2);
};
