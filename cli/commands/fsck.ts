import { join } from 'node:path';
import { replay } from '../../engine/replay/client.ts';
import { knownFolders } from '../../engine/replay/places.ts';
import { type Repair, repair } from '../../provenance/repair/index.ts';
import { type Flaw, fsck } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { connectPlace } from '../connect.ts';
import { auditCodes, formatError } from '../exit.ts';
import type { Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  try {
    const { store, place } = await connectPlace(session);
    const { checked, flaws } = await fsck(store.objects, session.note);
    const repairs = args.flag('repair')
      ? await repair(flaws, {
          store,
          checkout: join(import.meta.dirname, '../..'),
          tell: session.note,
          rebuild: async function* (jobs) {
            const folders = await knownFolders(store, session.cwd);
            yield* replay(jobs, {
              ...{ store: place, mode: 'rebuild', folders, env: session.env },
              signal: session.interrupted,
            });
          },
        })
      : undefined;
    return tell(checked, flaws, repairs, session);
  } catch (error) {
    session.note(formatError(error, session));
    return auditCodes.couldNotRun;
  }
};

/** @returns the exit code: of what is left */
const tell = (
  checked: { readonly [kind: string]: number },
  flaws: readonly Flaw[],
  repairs: readonly Repair[] | undefined,
  session: Session,
): number => {
  const left = repairs ? repairs.filter(({ outcome }) => outcome === 'cannot').map(({ flaw }) => flaw) : flaws;
  const code = left.reduce((bits, { fault }) => bits | (fault === 'unknown' ? 0 : auditCodes[fault]), 0);
  if (session.json) {
    session.print(JSON.stringify({ checked, flaws, repairs, exitCode: code }, null, 2));
    return code;
  }
  session.print(alignColumns(Object.entries(checked).map(([kind, count]) => [`${count}`, kind])).join('\n'));
  if (!repairs)
    for (const { fault, key, message, neededBy } of flaws)
      session.print(`${fault}: ${key}: ${message}${neededBy ? `; needed by ${neededBy[0]}` : ''}`);
  for (const { flaw, outcome, how } of repairs ?? []) session.print(`${outcome}: ${flaw.fault} ${flaw.key}: ${how}`);
  if (flaws.length === 0) session.print('every object is what its key says');
  else if (!repairs)
    session.print(`${flaws.length} objects are not as they should be; --repair makes anew what can be`);
  else session.print(`${repairs.length - left.length} of ${repairs.length} repaired`);
  return code;
};
