import { artifactRefsIn } from '../../core/artifact.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import type { Plan, PlanNode } from '../../core/plan.ts';
import { type Made, type NodeSoFar, nodeSoFar, reportNodeOf, type Share } from '../../core/so-far.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { ReportParams } from '../../report/block.ts';
import { loadBlocks } from '../../report/blocks.ts';
import { type ReportFile, readReport, reportFiles } from '../../report/build.ts';
import type { BlockContent } from '../../report/model.ts';
import type { MissingStage, SoFar } from '../../report/so-far.ts';
import type { Reading } from '../reading.ts';

/** The files of a report so far, and how much it lacks. */
export interface ReportSoFar extends SoFar {
  readonly files: readonly ReportFile[];
}

/** A run, and what it has made. */
export interface RunSoFar extends Made {
  readonly run: string;
  readonly plan: Plan;
}

/**
 * The report of a run from what it has made so far: a view, which is stored nowhere and no part of the run's record. Its blocks
 * are those of the finished report, without what is not made yet. Key figures, and blocks that conclude from all their inputs
 * together, are left out until nothing that they are taken from is missing.
 *
 * @param signal ends it before the next block is read: it rejects
 * @returns undefined where there is nothing to show yet, or the run has no report
 * @throws CemiflowError `ReportInputInvalid` and the store's for what is damaged
 */
export const reportSoFar = async (
  { run, plan, ...made }: RunSoFar,
  store: Reading,
  signal?: AbortSignal,
): Promise<ReportSoFar | undefined> => {
  const node = reportNodeOf(plan);
  if (!node) return undefined;
  const found = nodeSoFar(node, plan, made);
  const params = await showable(found);
  if (!params) return undefined;
  // Nothing is written: the reader of a report only reads.
  const model = await readReport(params, store as ArtifactStore, { onStep: async () => signal?.throwIfAborted() });
  const soFar = { run, missing: found.missing.length, of: found.wanted.length, stages: byStage(found) };
  const blocks = model.blocks.map((content) => {
    const share = found.partial.get(content.name);
    return share ? unfinished(content, share) : content;
  });
  return { ...soFar, files: reportFiles({ ...model, blocks, soFar }).files };
};

/** The report's params without blocks that have to wait. @returns undefined where no block would show anything of the run */
const showable = async ({ params, partial }: NodeSoFar): Promise<ReportParams | undefined> => {
  const blocks = await loadBlocks();
  const waits = blocks.flatMap(({ name, block }) => (block.needsAll && partial.has(name) ? [name] : []));
  const left: JsonObject = { ...params, ...Object.fromEntries(waits.map((name) => [name, null])) };
  const shows = blocks.some(({ name }) => artifactRefsIn((left[name] ?? null) as Json).length > 0);
  return shows ? (left as unknown as ReportParams) : undefined;
};

/** Missing nodes by the stage of the spec that declares them, in the plan's order. */
const byStage = ({ missing, wanted }: NodeSoFar): MissingStage[] => {
  const count = (nodes: readonly PlanNode[], stage: string): number =>
    nodes.filter((node) => node.stage === stage).length;
  return [...new Set(missing.map(({ stage }) => stage))].map((stage) => ({
    ...{ stage, missing: count(missing, stage), of: count(wanted, stage) },
  }));
};

/** A block that lacks some of its inputs says so. It has no key figures: which set is the best, for instance, is not known yet. */
const unfinished = (content: BlockContent, { made, of }: Share): BlockContent => {
  const { keyFigures: _, ...drawing } = content.drawing;
  const notice = `So far, ${made} of the ${plural(of, 'stage')} that this part reads are made. What it shows as a whole may still change.`;
  const parts = drawing.parts.length > 0 ? [{ statement: [notice] }, ...drawing.parts] : [];
  return { ...content, drawing: { ...drawing, parts } };
};
