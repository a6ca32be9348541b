import type { ArtifactRef } from '../core/artifact.ts';
import type { StageContext } from '../core/stage.ts';
import type { ImageSet, Images } from '../data/images.ts';
import { BatchReader, Stall } from '../data/loader/batches.ts';
import { type LoadOptions, loadDataset } from '../data/loader/load.ts';
import type { Maker } from '../data/loader/maker.ts';
import { startThreads, type Workers } from '../data/loader/workers.ts';
import { Scratch } from '../threads/scratch.ts';

/** A stage's context, with threads that prepare its batches. */
export interface InputContext<Recipe> extends StageContext {
  readonly workers: Workers<Recipe>;
  /** How long the stage has waited for its batches so far. */
  readonly stall: Stall;
  /** For what does not fit into memory. */
  readonly scratch: Scratch;
}

/**
 * Runs a stage's work with input threads, and ends them with it, also on error and cancellation. How long the work waited
 * for its batches is shown in the progress and the log, and stored in no artifact.
 */
export const withInput = async <Recipe, T>(
  context: StageContext,
  maker: Maker<Recipe>,
  work: (input: InputContext<Recipe>) => Promise<T>,
): Promise<T> => {
  const workers = startThreads(maker);
  const stall = new Stall();
  const scratch = new Scratch();
  try {
    return await work({
      ...context,
      workers,
      stall,
      scratch,
      progress: (progress) => context.progress({ ...progress, waitedSeconds: Math.round(stall.waitedMs) / 1000 }),
    });
  } finally {
    await workers.close();
    await scratch.close();
    if (stall.batches > 0) context.log(`${stall}`);
  }
};

/** Options for loading that decode in the threads and report progress under `phase`. */
export const loading = <Recipe>(
  { workers, progress, scratch }: InputContext<Recipe>,
  phase = 'load images',
): LoadOptions => ({
  scratch,
  decode: (job) => workers.decode(job),
  progress: (step, steps) => progress({ phase, step, steps }),
});

/** Loads a whole dataset (or anything else that holds `shards/…`). */
export const loadSet = <Recipe>(input: InputContext<Recipe>, ref: ArtifactRef): Promise<ImageSet> =>
  loadDataset(input.store, ref, loading(input));

/** Reads batches `from` … `to − 1`, which the threads make ahead. @param planOf gives a step's plan; its `recipe` makes the batch */
export const readBatches = <Recipe, P extends { readonly recipe: Recipe }>(
  { workers, stall }: InputContext<Recipe>,
  images: Images,
  planOf: (step: number) => P,
  range: { readonly from: number; readonly to: number },
): BatchReader<Recipe, P> => new BatchReader(workers, images, planOf, { ...range, stall });
