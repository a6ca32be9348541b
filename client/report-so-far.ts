import { resolve } from 'node:path';
import { deviationsIn } from '../provenance/publish/deviations.ts';
import { reportSoFar } from '../provenance/publish/so-far.ts';
import { writeFiles } from './artifacts.ts';
import type { Caller } from './caller.ts';
import { linkedFrom, type ReportRequest, reportFolder } from './report-folder.ts';

/** What the report so far of a run is written from. */
export interface SoFarRequest extends ReportRequest {
  /** Why the run does without nodes, by their ids. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** A report so far that was written. */
export interface WrittenSoFar {
  readonly page: string;
  /** How many stages that the report reads are not made yet. */
  readonly missing: number;
}

/**
 * Writes the report so far of a run into the folder of its report, all files or none. The report itself replaces them later.
 *
 * @param signal ends it, if nothing is written yet: it rejects
 * @returns undefined where there is nothing to show yet
 */
export const writeReportSoFar = async (
  { store, run, out, outputs, skipped }: SoFarRequest,
  caller: Pick<Caller, 'cwd'>,
  signal?: AbortSignal,
): Promise<WrittenSoFar | undefined> => {
  const found = await reportSoFar({ run: run.id, plan: run.plan, outputs, skipped }, store, signal);
  if (!found) return undefined;
  const folder = resolve(reportFolder(run, out, caller));
  const [{ text: html } = { text: '' }] = found.files;
  const deviations = deviationsIn(html);
  const texts = found.files.map(({ path, text }) => {
    const isLinked = deviations !== undefined && !path.endsWith('.json');
    return { path, read: async () => (isLinked ? linkedFrom(folder, text, deviations, caller.cwd) : text) };
  });
  const [page = ''] = await writeFiles(folder, texts);
  return { page, missing: found.missing };
};
