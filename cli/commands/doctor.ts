import type { Check } from '../../client/doctor/check.ts';
import { examine } from '../../client/doctor/diagnosis.ts';
import { installationChecks } from '../../client/doctor/installed.ts';
import { tensorChecks } from '../../client/doctor/tensors.ts';
import { formatVersion, versionOf } from '../../client/version.ts';
import { inspectInstallation } from '../../services/installation.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async (args, session) => {
  const quick = args.flag('quick');
  if (!quick) session.note('looking, and training two small networks: less than a minute');
  const [version, installation, examination] = await Promise.all([
    versionOf(),
    inspectInstallation({ home: session.home, env: session.env }),
    examine(session, { quick }),
  ]);
  if (session.interrupted.aborted) return exitCodes.interrupted;
  const checks = [...installationChecks(installation, session.home), ...tensorChecks(examination, installation, quick)];
  const sound = checks.every(({ state }) => state !== 'failed');
  if (session.json) {
    const { diagnosis } = examination;
    session.print(JSON.stringify({ ...version, ok: sound, checks, installation, diagnosis }, null, 2));
  } else session.print([formatVersion(version), ...checks.flatMap(linesOf)].join('\n'));
  if (session.verbose) session.note(examination.log.trimEnd());
  return sound ? exitCodes.ok : exitCodes.runFailed;
};

const marks = { ok: '✓', note: '!', failed: '✗' } as const;
const nameWidth = 18;

const linesOf = ({ name, state, found, remedy }: Check): string[] => [
  `  ${marks[state]} ${name.padEnd(nameWidth)}${found}`,
  ...(remedy ? [`    ${''.padEnd(nameWidth)}remedy: ${remedy}`] : []),
];
