import { type AuditSubject, audit } from '../../client/audit.ts';
import { usageError } from '../../client/usage-error.ts';
import type { CemiflowError } from '../../core/errors.ts';
import { plural } from '../../core/words.ts';
import { type AuditResult, exitCodeOf } from '../../provenance/audit/index.ts';
import type { Arguments, Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { auditCodes, formatError } from '../exit.ts';
import { printResult, type Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  try {
    const of = subjectOf(args);
    const wanted = args.text('replay');
    const replay = wanted !== undefined && /^\d+$/.test(wanted) ? Number(wanted) : wanted;
    const seed = args.count('seed') ?? Date.now() % 2 ** 31;
    const result = await audit({ of, replay, seed }, callerOf(session));
    return tell(result, session, 'run' in of);
  } catch (error) {
    session.note(formatError(error, session));
    // A damaged document is a finding of the audit, though the audit ends there.
    return (error as CemiflowError).code === 'RunCorrupt' ? auditCodes.corrupt : auditCodes.couldNotRun;
  }
};

/** @throws CemiflowError `Usage` */
const subjectOf = (args: Arguments): AuditSubject => {
  const [name] = args.positionals;
  const [page, bundle] = [args.text('file'), args.text('bundle')];
  const given: AuditSubject[] = [
    ...(name === undefined ? [] : [{ run: name }]),
    ...(page === undefined ? [] : [{ page }]),
    ...(bundle === undefined ? [] : [{ bundle }]),
  ];
  if (given.length === 1) return given[0] as AuditSubject;
  throw usageError('audit takes RUN, --file or --bundle', 'cemiflow audit RUN');
};

/** @param inStore whether what is damaged or missing lies in the store @returns the exit code */
const tell = (result: AuditResult, session: Session, inStore: boolean): number => {
  const { run, root, checks, findings, problems } = result;
  const code = exitCodeOf(problems);
  const damaged = (code & (auditCodes.corrupt | auditCodes.missing)) !== 0;
  const remedy = damaged && inStore ? '; "cemiflow fsck --repair" makes damaged and missing bytes again' : '';
  const lines = [
    `${run}, root ${root}`,
    ...alignColumns(checks.map(({ what, held, of }) => [`${held} of ${of}`, what])),
    ...findings.map(({ severity, message }) => `${severity}: ${message}`),
    ...problems.map(({ fault, where, message }) => `${fault}: ${where}: ${message}`),
    code === 0 ? 'every byte, link and number holds' : `${plural(problems.length, 'problem')}${remedy}`,
  ];
  printResult(session, { ...result, exitCode: code }, lines.join('\n'), 2);
  return code;
};
