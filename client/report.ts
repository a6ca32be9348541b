import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { findingsOf } from '../provenance/findings/index.ts';
import { deviationsIn } from '../provenance/publish/deviations.ts';
import { publishedReport } from '../provenance/publish/index.ts';
import { withTimes } from '../provenance/publish/times.ts';
import type { Store } from '../store/index.ts';
import { outputsOf, skipsOf, writeArtifact } from './artifacts.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { lineageOf } from './lineage.ts';
import { reportIn } from './planned.ts';
import { linkedFrom, type ReportRequest, reportFolder } from './report-folder.ts';
import { writeReportSoFar } from './report-so-far.ts';
import { findRun } from './runs.ts';

/** A page that was written for a run. */
export interface FetchedReport {
  readonly run: string;
  readonly page: string;
  /** Of a run that is done. */
  readonly root?: string;
  /** How many stages a report so far lacks; absent for the report of a run that is done. */
  readonly missing?: number;
}

/**
 * Fetches the report of a run; of one that has none yet, writes the report so far.
 *
 * @param out folder to write to
 * @throws CemiflowError `UnknownRun`, `NotMade` where there is nothing to show yet
 */
export const fetchReport = async (name: string, out: string | undefined, caller: Caller): Promise<FetchedReport> => {
  const store = await connectStore(caller);
  const run = await findRun(store, name);
  const request = { store, run, out, outputs: await outputsOf(store, run) };
  const page = await writeReport(request, caller);
  if (page) return { run: run.id, page, ...(run.root && { root: run.root }) };
  const soFar = await writeReportSoFar({ ...request, skipped: skipsOf(run) }, caller);
  if (soFar) return { run: run.id, ...soFar };
  throw new CemiflowError('NotMade', `${run.id} has no report, and nothing yet that a report could show`, {
    remedy: `cemiflow status ${run.id} says where it stands`,
    data: { run: run.id },
  });
};

/** Writes a report into a folder, its page with root, findings and chains. @returns the page's path; undefined without a report */
export const writeReport = async (
  { store, run, out, outputs }: ReportRequest,
  caller: Pick<Caller, 'cwd' | 'on'>,
): Promise<string | undefined> => {
  const ref = reportIn(run.plan, outputs);
  if (!ref) return undefined;
  const paths = await writeArtifact(store, ref, reportFolder(run, out, caller));
  const page = paths.find((path) => path.endsWith('.html'));
  if (page) {
    await publish(page, paths, store, run.id, caller);
    await link(page, paths, caller.cwd);
  }
  return page ?? paths[0];
};

/** Links the deviations that a page names by a path, as seen from where it lies. */
const link = async (page: string, paths: readonly string[], project: string): Promise<void> => {
  const path = deviationsIn(await readFile(page, 'utf8'));
  if (path === undefined) return;
  for (const each of paths.filter((name) => /\.(html|md)$/.test(name))) {
    const text = await readFile(each, 'utf8');
    const linked = linkedFrom(dirname(each), text, path, project);
    if (linked !== text) await writeFile(each, linked);
  }
};

/** Adds what the artifact cannot hold. A page that lacks it is still the run's report. */
const publish = async (
  page: string,
  paths: readonly string[],
  store: Store,
  run: string,
  { on }: Pick<Caller, 'on'>,
): Promise<void> => {
  try {
    const document = await store.getRun(run);
    if (!document?.root) return;
    const lineage = await lineageOf(store, document);
    await writeFile(page, await publishedReport(lineage, store, await findingsOf(lineage, store)));
    for (const path of paths.filter((each) => each.endsWith('.md')))
      await writeFile(path, withTimes(await readFile(path, 'utf8'), lineage));
  } catch (error) {
    on({ kind: 'page incomplete', run, page, error: error as Error });
  }
};
