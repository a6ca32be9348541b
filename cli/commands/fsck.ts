import { type Fsck, fsck } from '../../client/fsck.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { auditCodes, formatError } from '../exit.ts';
import { printResult, type Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  try {
    return tell(await fsck(args.flag('repair'), callerOf(session)), session);
  } catch (error) {
    session.note(formatError(error, session));
    return auditCodes.couldNotRun;
  }
};

/** @returns the exit code: of what is left */
const tell = ({ checked, flaws, repairs, left }: Fsck, session: Session): number => {
  const code = left.reduce((bits, { fault }) => bits | (fault === 'unknown' ? 0 : auditCodes[fault]), 0);
  const named = flaws.map(
    ({ fault, key, message, neededBy }) =>
      `${fault}: ${key}: ${message}${neededBy ? `; needed by ${neededBy[0]}` : ''}`,
  );
  const lines = [
    ...alignColumns(Object.entries(checked).map(([kind, count]) => [`${count}`, kind])),
    ...(repairs?.map(({ flaw, outcome, how }) => `${outcome}: ${flaw.fault} ${flaw.key}: ${how}`) ?? named),
    endingOf({ flaws, repairs, left }),
  ];
  printResult(session, { checked, flaws, repairs, exitCode: code }, lines.join('\n'), 2);
  return code;
};

const endingOf = ({ flaws, repairs, left }: Pick<Fsck, 'flaws' | 'repairs' | 'left'>): string => {
  if (flaws.length === 0) return 'every object is what its key says';
  if (repairs) return `${repairs.length - left.length} of ${repairs.length} repaired`;
  return `${plural(flaws.length, 'object')} ${flaws.length === 1 ? 'is' : 'are'} damaged or missing; --repair makes again what it can`;
};
