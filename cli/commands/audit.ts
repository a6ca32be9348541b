import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Digest, isDigest } from '../../core/digest.ts';
import type { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { chooseJobs, namedJobs } from '../../engine/replay/choose.ts';
import { replay } from '../../engine/replay/client.ts';
import { knownFolders } from '../../engine/replay/places.ts';
import { type AuditResult, auditRun, exitCodeOf, type Ledger, noteReplayed } from '../../provenance/audit/index.ts';
import { rootIn } from '../../provenance/publish/page.ts';
import type { ObjectPlace, Store } from '../../store/index.ts';
import { auditBundle } from '../bundle.ts';
import type { Run } from '../command.ts';
import { connectPlace } from '../connect.ts';
import { auditCodes, formatError, usageError } from '../exit.ts';
import { rootOf } from '../lineage.ts';
import { findRun } from '../runs.ts';
import type { Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  try {
    const [name] = args.positionals;
    const file = args.text('file');
    const bundle = args.text('bundle');
    if ([name, file, bundle].filter((each) => each !== undefined).length !== 1)
      throw usageError('audit takes RUN, --file or --bundle', 'cemiflow audit RUN');
    const wanted = args.text('replay');
    const seed = args.count('seed') ?? Date.now() % 2 ** 31;
    const expect = (lineage: Lineage): void => {
      if (wanted !== undefined && !isCount(wanted)) namedJobs(lineage, wanted);
    };
    if (bundle !== undefined) {
      const again = (place: ObjectPlace, store: Store) =>
        wanted === undefined ? undefined : replaying(wanted, seed, { store, place }, session);
      return tell(await auditBundle(resolve(session.cwd, bundle), { again, expect, tell: session.note }), session);
    }
    const page = file === undefined ? undefined : await readPage(resolve(session.cwd, file));
    const { store, place } = await connectPlace(session);
    const document = name === undefined || isDigest(name) ? undefined : await findRun(store, name);
    // A pinned run stays after its document, under its root.
    const digest = document ? rootOf(document) : ((page?.root ?? name) as Digest);
    const also = wanted === undefined ? undefined : replaying(wanted, seed, { store, place }, session);
    const root = { type: 'run', digest } as const;
    const result = await auditRun(store, { root, document, page, expect, also, tell: session.note });
    return tell(result, session, page ? undefined : '"cemiflow fsck --repair" makes damaged and missing bytes anew');
  } catch (error) {
    session.note(formatError(error, session));
    // A document that is damaged is a finding of the audit, though it comes no further.
    return (error as CemiflowError).code === 'RunCorrupt' ? auditCodes.corrupt : auditCodes.couldNotRun;
  }
};

/** @param wanted how many random pieces, or the name of a node */
const replaying =
  (wanted: string, seed: number, { store, place }: { store: Store; place: ObjectPlace }, session: Session) =>
  async (lineage: Lineage, ledger: Ledger): Promise<void> => {
    const jobs = isCount(wanted)
      ? await chooseJobs(lineage, store.checkpoints, Number(wanted), seed)
      : namedJobs(lineage, wanted);
    if (isCount(wanted)) session.note(`replaying ${jobs.length} pieces, chosen by --seed ${seed}`);
    const folders = await knownFolders(store, session.cwd);
    const options = { store: place, mode: 'check', folders, env: session.env, signal: session.interrupted } as const;
    for await (const replayed of replay(jobs, options)) {
      const { name, verdict, why, seconds } = replayed;
      session.note(`${name}: ${verdict}${why ? `: ${why}` : ''} (${seconds.toFixed(1)} s)`);
      noteReplayed(replayed, ledger);
    }
  };

/** @throws CemiflowError `Usage` where it is no page of a run */
const readPage = async (path: string) => {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw usageError(`${path} cannot be read: ${error.message}`, 'name a report.html');
  });
  const root = rootIn(text);
  if (root) return { path, text, root };
  throw usageError(`${path} names no root of a run`, '"cemiflow report RUN" writes a page that does');
};

const isCount = (wanted: string): boolean => /^\d+$/.test(wanted);

/** @param remedy for what is damaged or missing @returns the exit code */
const tell = (result: AuditResult, session: Session, remedy?: string): number => {
  const code = exitCodeOf(result.problems);
  if (session.json) {
    session.print(JSON.stringify({ ...result, exitCode: code }, null, 2));
    return code;
  }
  session.print(`${result.run}, root ${result.root}`);
  session.print(alignColumns(result.checks.map(({ what, held, of }) => [`${held} of ${of}`, what])).join('\n'));
  for (const { severity, message } of result.findings) session.print(`${severity}: ${message}`);
  for (const { fault, where, message } of result.problems) session.print(`${fault}: ${where}: ${message}`);
  const { length } = result.problems;
  const ending = [`${length} ${length === 1 ? 'problem' : 'problems'}`];
  if (remedy && (code & (auditCodes.corrupt | auditCodes.missing)) !== 0) ending.push(remedy);
  session.print(code === 0 ? 'every byte, link and number holds' : ending.join('; '));
  return code;
};
