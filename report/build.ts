import type { JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { sortBenchmarks } from './format.ts';
import { reportMarkdown } from './markdown.ts';
import type { ReportModel } from './model.ts';
import { reportNumbers } from './numbers.ts';
import { reportPage } from './page.ts';
import type { ReportParams } from './params.ts';
import { ReportReader } from './reader.ts';

/** Told before each part: what is done, and how many parts of `reportSteps` are behind. */
export type OnStep = (phase: string, step: number) => Promise<void>;
export const reportSteps = 6;

/** Reads every number and picture that the report names. @throws CemiflowError `ReportInputInvalid` */
export const readReport = async (
  params: ReportParams,
  store: ArtifactStore,
  at: OnStep = async () => {},
): Promise<ReportModel> => {
  const reader = new ReportReader(store);
  // One after another: the order of reading is the order of the list of sources.
  await at('read accuracies', 0);
  const accuracy = await reader.accuracy(params.accuracy);
  const curve = params.curve ? await reader.curve(params.curve, accuracy) : undefined;
  await at('read similarities', 1);
  const similarity = await reader.similarities(params.similarity);
  const privacy = await reader.privacy(params.privacy);
  await at('read images', 2);
  const grid = params.grid ? await reader.grid(params.grid) : undefined;
  const samples = await reader.samples(params.samples);
  await at('read training logs', 3);
  const training = await reader.training(params.training);
  await at('quote the paper', 4);
  const paper = params.paper ? await reader.paper() : undefined;
  await at('write', 5);
  const { title, description, note } = params;
  const skipped = params.skipped.length > 0 ? params.skipped : undefined;
  const sets = sortBenchmarks([...accuracy, ...(curve?.points ?? [])].flatMap((row) => Object.keys(row.sets)));
  const parts = { curve, grid, paper, accuracy, similarity, privacy, samples, training };
  return { title, description, note, skipped, sets, ...parts, sources: reader.sources };
};

/** A file of the report's artifact. */
export interface ReportFile {
  readonly path: string;
  readonly text: string;
  readonly mediaType: string;
}

/** The report's artifact: equal models give equal bytes. */
export const reportFiles = (model: ReportModel): { readonly meta: JsonObject; readonly files: ReportFile[] } => ({
  meta: { title: model.title, artifacts: model.sources.length },
  files: [
    { path: 'report.html', text: reportPage(model), mediaType: 'text/html; charset=utf-8' },
    { path: 'report.md', text: reportMarkdown(model), mediaType: 'text/markdown; charset=utf-8' },
    { path: 'report.json', text: reportNumbers(model), mediaType: 'application/json' },
  ],
});
