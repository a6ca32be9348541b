import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Outputs } from '../core/action.ts';
import { CemiflowError } from '../core/errors.ts';
import { findingsOf } from '../provenance/findings/index.ts';
import { deviationsIn, linkDeviations } from '../provenance/publish/deviations.ts';
import { publishedReport } from '../provenance/publish/index.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { outputsOf, writeArtifact } from './artifacts.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { lineageOf } from './lineage.ts';
import { reportIn } from './planned.ts';
import { findRun } from './runs.ts';

/** Fetches the report of a run. @param out folder to write to @throws CemiflowError `UnknownRun`, `NotMade` */
export const fetchReport = async (
  name: string,
  out: string | undefined,
  caller: Caller,
): Promise<{ readonly run: string; readonly page: string }> => {
  const store = await connectStore(caller);
  const run = await findRun(store, name);
  const page = await writeReport({ store, run, out, outputs: await outputsOf(store, run) }, caller);
  if (page) return { run: run.id, page };
  throw new CemiflowError('NotMade', `${run.id} has no report yet`, {
    remedy: `cemiflow status ${run.id} says where it stands`,
    data: { run: run.id },
  });
};

/** What the report of a run is written from. */
export interface ReportRequest {
  readonly store: Store;
  readonly run: Pick<RunDocument, 'id' | 'plan'>;
  /** Folder to write to; default `reports/<experiment>` under the working folder. */
  readonly out?: string;
  /** Of the plan's nodes. */
  readonly outputs: ReadonlyMap<string, Outputs>;
}

/** Writes a report into a folder, its page with root, findings and chains. @returns the page's path; undefined without a report */
export const writeReport = async (
  { store, run, out, outputs }: ReportRequest,
  caller: Pick<Caller, 'cwd' | 'on'>,
): Promise<string | undefined> => {
  const ref = reportIn(run.plan, outputs);
  if (!ref) return undefined;
  const folder = out ? resolve(caller.cwd, out) : join(caller.cwd, 'reports', run.plan.experiment);
  const paths = await writeArtifact(store, ref, folder);
  const page = paths.find((path) => path.endsWith('.html'));
  if (page) {
    await publish(page, store, run.id, caller);
    await link(page, paths, caller.cwd);
  }
  return page ?? paths[0];
};

/**
 * Links the deviations that a page names by a path, as seen from where it lies. The path stands as it is where the project has
 * no such file, or the page lies outside the project: folders of this machine have no place in a page.
 */
const link = async (page: string, paths: readonly string[], project: string): Promise<void> => {
  const path = deviationsIn(await readFile(page, 'utf8'));
  const isOutside = relative(project, page).split(sep)[0] === '..';
  if (path === undefined || isOutside || !existsSync(join(project, path))) return;
  for (const each of paths.filter((name) => /\.(html|md)$/.test(name))) {
    const to = relative(dirname(each), join(project, path)).split(sep).join('/');
    await writeFile(each, linkDeviations(await readFile(each, 'utf8'), path, to));
  }
};

/** Adds what the artifact cannot hold. A page that lacks it is still the run's report. */
const publish = async (page: string, store: Store, run: string, { on }: Pick<Caller, 'on'>): Promise<void> => {
  try {
    const document = await store.getRun(run);
    if (!document?.root) return;
    const lineage = await lineageOf(store, document);
    await writeFile(page, await publishedReport(lineage, store, await findingsOf(lineage, store)));
  } catch (error) {
    on({ kind: 'page incomplete', run, page, error: error as Error });
  }
};
