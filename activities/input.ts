import type { ArtifactRef } from '../core/artifact.ts';
import type { StageContext } from '../core/stage.ts';
import type { ImageSet, Images } from '../data/images.ts';
import { BatchReader, Stall } from '../data/loader/batches.ts';
import type { Recipe } from '../data/loader/fill.ts';
import { type LoadOptions, loadDataset } from '../data/loader/load.ts';
import { startThreads, type Workers } from '../data/loader/workers.ts';

/** A stage's context with threads that make its input. */
export interface InputContext extends StageContext {
  readonly workers: Workers;
  /** What the stage waited for its batches so far. */
  readonly stall: Stall;
}

/**
 * Runs a stage's work with input threads, which end with it, also on error and cancellation. How long the work waited for
 * its batches goes into progress and the log, and into no artifact.
 */
export const withInput = async <T>(
  context: StageContext,
  work: (input: InputContext) => Promise<T>,
  workers: Workers = startThreads(),
): Promise<T> => {
  const stall = new Stall();
  try {
    return await work({
      ...context,
      workers,
      stall,
      progress: (progress) => context.progress({ ...progress, waitedSeconds: Math.round(stall.waitedMs) / 1000 }),
    });
  } finally {
    await workers.close();
    if (stall.batches > 0) context.log(`${stall}`);
  }
};

/** Where the threads decode, with progress under a phase of its own. */
export const loading = ({ workers, progress }: InputContext, phase = 'load images'): LoadOptions => ({
  workers,
  progress: (step, steps) => progress({ phase, step, steps }),
});

/** Loads a dataset (or anything else that holds `shards/…`) whole. */
export const loadSet = (input: InputContext, ref: ArtifactRef): Promise<ImageSet> =>
  loadDataset(input.store, ref, loading(input));

/** Batches `0` … `steps − 1`, made ahead by the threads. @param planOf what a step needs, of which `recipe` makes the batch */
export const readBatches = <P extends { readonly recipe: Recipe }>(
  { workers, stall }: InputContext,
  images: Images,
  planOf: (step: number) => P,
  steps: number,
): BatchReader<P> => new BatchReader(workers, images, planOf, { from: 0, to: steps, stall });
