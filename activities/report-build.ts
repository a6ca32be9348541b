import type { ArtifactRef } from '../core/artifact.ts';
import type { StageContext, StageKind } from '../core/stage.ts';
import { sortBenchmarks } from '../report/format.ts';
import { reportMarkdown } from '../report/markdown.ts';
import type { ReportModel } from '../report/model.ts';
import { reportNumbers } from '../report/numbers.ts';
import { reportPage } from '../report/page.ts';
import type { ReportParams } from '../report/params.ts';
import { ReportReader } from '../report/reader.ts';

/** `report/build`: reads every number and picture that the report names, and writes the page, its tables and its numbers. */
export const stage: StageKind<ReportParams> = {
  async run(params, context) {
    const reader = new ReportReader(context.store);
    const at = (phase: string, step: number): Promise<void> => context.progress({ phase, step, steps: 6 });
    // One after another: the order of reading is the order of the list of sources.
    await at('read accuracies', 0);
    const accuracy = await reader.accuracy(params.accuracy);
    const curve = params.curve ? await reader.curve(params.curve, accuracy) : undefined;
    await at('read similarities', 1);
    const similarity = await reader.similarities(params.similarity);
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
    const parts = { curve, grid, paper, accuracy, similarity, samples, training };
    return {
      report: await write({ title, description, note, skipped, sets, ...parts, sources: reader.sources }, context),
    };
  },
};

const write = async (model: ReportModel, { store }: StageContext): Promise<ArtifactRef> => {
  const put = (path: string, text: string, mediaType: string) => store.putFile(path, Buffer.from(text), mediaType);
  const files = await Promise.all([
    put('report.html', reportPage(model), 'text/html; charset=utf-8'),
    put('report.md', reportMarkdown(model), 'text/markdown; charset=utf-8'),
    put('report.json', reportNumbers(model), 'application/json'),
  ]);
  return store.putArtifact({ type: 'report', meta: { title: model.title, artifacts: model.sources.length }, files });
};
