import type { Check } from '../../client/doctor/check.ts';
import { doctor } from '../../client/doctor/index.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { formatVersion } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const quick = args.flag('quick');
  if (!quick) session.note('inspecting this machine, and training two small networks: less than a minute');
  const { version, commit, ok, checks, installation, examination } = await doctor(quick, callerOf(session));
  if (session.interrupted.aborted) return exitCodes.interrupted;
  const { diagnosis, log } = examination;
  const text = [formatVersion({ version, commit }), ...checks.flatMap(linesOf)].join('\n');
  printResult(session, { version, commit, ok, checks, installation, diagnosis }, text, 2);
  if (session.verbose) session.note(log.trimEnd());
  return ok ? exitCodes.ok : exitCodes.runFailed;
};

const marks = { ok: '✓', note: '!', failed: '✗' } as const;
const nameWidth = 18;

const linesOf = ({ name, state, found, remedy }: Check): string[] => [
  `  ${marks[state]} ${name.padEnd(nameWidth)}${found}`,
  ...(remedy ? [`    ${''.padEnd(nameWidth)}remedy: ${remedy}`] : []),
];
