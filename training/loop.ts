import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { within } from '../core/within.ts';
import type { BatchReader } from '../data/loader/batches.ts';
import { stateArrays, stateTensors } from '../nn/compile/arrays.ts';
import type { Step } from '../nn/compile/index.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import type { InputContext } from './input.ts';
import { MeanLog, type Series } from './log.ts';
import { type Part, runParts, timed } from './micro-batches.ts';

/** What a trainer is, apart from the loop. Everything follows from (seed, step): a step never asks what was before it. */
export interface Training<Recipe, P extends { readonly recipe: Recipe }> {
  readonly steps: number;
  /** The parts of a batch, whose gradients are added up. */
  readonly parts: readonly Part[];
  /** Steps that one entry of the log is the mean of. */
  readonly window: number;
  /** Learning rate, for the remedy where the loss is NaN or infinite. */
  readonly lr: number;
  batches(from: number): BatchReader<Recipe, P>;
  /** @param resumed state to begin with in place of the first one's tensors of these names; belongs to the caller */
  compile(resumed: Tensors): Step;
  /**
   * @param images float32 [B, H, W, 3] in [-1, 1]: the whole batch, of which `part` says the rows
   * @returns the tensors of that part, which the loop disposes
   */
  tensorsOf(step: number, plan: P, images: Float32Array, part: Part): Tensors;
  /** Belongs into the log besides the step's own metrics. */
  logged?(plan: P): { readonly [name: string]: number };
  /** State that a checkpoint needs: what is neither constant nor made anew in each step. */
  checkpointed(name: string): boolean;
  /** State that is wanted in the end. */
  wanted(name: string): boolean;
}

/**
 * Trains from the last checkpoint, or from the beginning, to the end. Cancelled or drained between two steps, it leaves a
 * checkpoint before it goes; in the midst of one, the last checkpoint stands.
 *
 * @returns the wanted state, which the caller disposes, and the log
 * @throws CemiflowError `Diverged`; what `progress` or the signal throws where the stage is asked to stop
 */
export const runTraining = async <Recipe, P extends { readonly recipe: Recipe }>(
  input: InputContext<Recipe>,
  training: Training<Recipe, P>,
): Promise<{ state: Tensors; series: Series }> => {
  const { progress, checkpoints, signal } = input;
  const { steps, parts } = training;
  const { step, from, log, batches } = await begin(input, training);
  try {
    let saved = from;
    const save = (done: number): void => {
      const arrays = stateArrays(step, (name) => training.checkpointed(name));
      checkpoints.save({ step: done, arrays, notes: log.state });
      saved = done;
    };
    for (let done = from + 1; done <= steps; done++) {
      const { plan, images } = await batches.next();
      const metrics = await runParts(step, parts, signal, (part) => training.tensorsOf(done - 1, plan, images, part));
      if (!Number.isFinite(metrics.loss)) throw diverged(done, training.lr);
      log.add(done, { ...metrics, ...training.logged?.(plan) });
      if (checkpoints.due(done) && done < steps) save(done);
      await progress({ phase: 'train', step: done, steps, metrics }).catch(async (error) => {
        const last = async (): Promise<void> => {
          await checkpoints.settled();
          if (saved !== done) save(done);
          await checkpoints.settled();
        };
        await within(leaveMs, last());
        throw error;
      });
    }
    log.close(steps);
    return { state: step.readState((name) => training.wanted(name)), series: log.series };
  } finally {
    step.dispose();
  }
};

/** How long a stage that is asked to stop may wait for its last checkpoint, where the store is slow or away. */
const leaveMs = 7_000;

/** The compiled step as it was when the last checkpoint was taken. Keeps nothing of the checkpoint itself: it is as large as the state. */
const begin = async <Recipe, P extends { readonly recipe: Recipe }>(
  input: InputContext<Recipe>,
  training: Training<Recipe, P>,
): Promise<{ step: Step; from: number; log: MeanLog; batches: BatchReader<Recipe, P> }> => {
  const { steps, window } = training;
  const resumed = await input.checkpoints.resume();
  const from = resumed?.step ?? 0;
  const batches = training.batches(from);
  await input.progress({ phase: 'compile', step: from, steps });
  const tensors = stateTensors(resumed?.arrays ?? {});
  try {
    const step = timed(input, () => training.compile(tensors));
    return { step, from, batches, log: new MeanLog(window, resumed?.notes as JsonObject | undefined) };
  } finally {
    tf.dispose(tensors);
  }
};

const diverged = (step: number, lr: number): CemiflowError =>
  new CemiflowError('Diverged', `the loss is no longer a number at step ${step}`, {
    remedy: `lower lr (now ${lr}) or give it a longer warm-up`,
    data: { step, lr },
  });
