import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { ReportParams } from './block.ts';
import { loadBlocks, type NamedBlock } from './blocks.ts';
import { checkDeviations } from './deviations.ts';
import { reportMarkdown } from './markdown.ts';
import type { BlockContent, ReportModel } from './model.ts';
import { reportNumbers } from './numbers.ts';
import { reportPage } from './page.ts';
import { ReportReader } from './reader.ts';

/** Called before each step with what it does, how many steps are done, and how many there are. */
export type OnStep = (phase: string, step: number, steps: number) => Promise<void>;

export interface ReadOptions {
  readonly onStep?: OnStep;
  /** Leaves out blocks that show pictures and print no number. */
  readonly withoutPictures?: boolean;
  /** Default: all blocks of this checkout. */
  readonly blocks?: readonly NamedBlock[];
}

/** Reads and draws every block that the report asks for. @throws CemiflowError `ReportInputInvalid`, `UnknownBlock` */
export const readReport = async (
  params: ReportParams,
  store: ArtifactStore,
  { onStep = async () => {}, withoutPictures = false, blocks }: ReadOptions = {},
): Promise<ReportModel> => {
  const all = blocks ?? (await loadBlocks());
  const { title, description, note, deviations, skipped, ...rest } = params;
  const unknown = Object.keys(rest).find((name) => asks(rest[name]) && !all.some((each) => each.name === name));
  if (unknown !== undefined) throw unknownBlock(unknown, all);
  if (deviations) checkDeviations(deviations);
  const head = { title, description, note, ...(deviations ? { deviations } : {}) };
  const wanted = all.filter(({ name, block }) => asks(rest[name]) && !(withoutPictures && block.onlyPictures));
  const reader = new ReportReader(store);
  const contents: BlockContent[] = [];
  // One after another: the order of reading is the order of the list of sources.
  for (const [step, { name, block }] of wanted.entries()) {
    await onStep(`read ${name}`, step, wanted.length + 1);
    const model = await block.read(rest[name], reader, params);
    const numbers = block.numbers ? block.numbers(model) : model;
    contents.push({ name, drawing: block.draw(model, head), numbers, style: block.style ?? '' });
  }
  await onStep('write', wanted.length, wanted.length + 1);
  return { ...head, ...(skipped.length > 0 ? { skipped } : {}), blocks: contents, sources: reader.sources };
};

/** Whether a spec asks for a block at all. */
const asks = (params: unknown): boolean =>
  params !== undefined && params !== null && params !== false && !(Array.isArray(params) && params.length === 0);

const unknownBlock = (name: string, all: readonly NamedBlock[]): CemiflowError =>
  new CemiflowError('UnknownBlock', `this checkout cannot draw the block "${name}" of the report`, {
    remedy: `use one of ${all.map((each) => each.name).join(', ')}, or check out code that has report/blocks/${name}`,
    data: { block: name },
  });

/** A file of the report's artifact. */
export interface ReportFile {
  readonly path: string;
  readonly text: string;
  readonly mediaType: string;
}

/** The report's artifact: equal models give equal bytes. */
export const reportFiles = (
  model: ReportModel,
): { readonly meta: { readonly title: string; readonly artifacts: number }; readonly files: ReportFile[] } => ({
  meta: { title: model.title, artifacts: model.sources.length },
  files: [
    { path: 'report.html', text: reportPage(model), mediaType: 'text/html; charset=utf-8' },
    { path: 'report.md', text: reportMarkdown(model), mediaType: 'text/markdown; charset=utf-8' },
    { path: 'report.json', text: reportNumbers(model), mediaType: 'application/json' },
  ],
});
