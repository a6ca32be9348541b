import type { JsonObject } from '../core/errors.ts';
import { within } from '../core/within.ts';
import type { BatchReader } from '../data/loader/batches.ts';
import { stateArrays, stateTensors } from '../nn/compile/arrays.ts';
import type { Step } from '../nn/compile/index.ts';
import { isGradientSum } from '../nn/micro-batches.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { Album, type Drawing, type Drawn, isDrawn } from './album.ts';
import { checkFinite, checkMetrics } from './finite.ts';
import type { InputContext } from './input.ts';
import { MeanLog, type Series } from './log.ts';
import { type MicroBatch, runPrograms, timed } from './micro-batches.ts';
import { isOfBest, type Validation, Validator } from './validation.ts';

/** What distinguishes one trainer from another. Everything follows from (seed, step): no step depends on JavaScript state of the one before. */
export interface Training<Recipe, P extends { readonly recipe: Recipe }> {
  readonly steps: number;
  /** Micro-batches of a batch, whose gradients are added up. */
  readonly microBatches: readonly MicroBatch[];
  /** Steps that one entry of the log is the mean of. */
  readonly window: number;
  /** Learning rate, for the remedy where training diverges. */
  readonly lr: number;
  /** Programs that a step runs, in order: one for each network that it optimises. Default `step` alone. */
  programs?(step: number): readonly string[];
  batches(from: number): BatchReader<Recipe, P>;
  /** @param resumed tensors that replace those of the first state; they belong to the caller */
  compile(resumed: Tensors): Step;
  /**
   * @param step from 0
   * @param images float32 [B, H, W, 3] in [-1, 1]: the whole batch, of which `microBatch` says the rows
   * @param series the log so far, which a resumed training has too
   * @returns the tensors of that micro-batch, which the loop disposes
   */
  tensorsOf(step: number, plan: P, images: Float32Array, microBatch: MicroBatch, series: Series): Tensors;
  /** Goes into the log beside the step's own metrics. */
  logged?(plan: P, series: Series): { readonly [name: string]: number };
  /** Whether the training ends before its last step, by what was validated. */
  hasEnded?(series: Series): boolean;
  /** State that never changes, such as frozen networks: checkpoints leave it out. */
  constant?(name: string): boolean;
  /** State to return at the end. */
  wanted(name: string): boolean;
  /** Judges that state between two steps, and may give its best in place of the last. */
  readonly validation?: Validation;
  /** Draws that state between two steps. */
  readonly drawing?: Drawing;
}

/**
 * Trains from the last checkpoint, or from the beginning, to the end. Cancelled or drained between two steps, it saves a
 * checkpoint before it goes; within a step, the last checkpoint remains.
 *
 * @returns the wanted state, which the caller disposes, the log, and what was drawn
 * @throws CemiflowError `Diverged` where a metric, a checkpoint or the final state is not finite; what `progress` or the
 * signal throws where the stage is asked to stop
 */
export const runTraining = async <Recipe, P extends { readonly recipe: Recipe }>(
  input: InputContext<Recipe>,
  training: Training<Recipe, P>,
): Promise<{ state: Tensors; series: Series; pictures: Drawn[] }> => {
  const { progress, checkpoints, signal } = input;
  const { steps, microBatches, lr, programs = () => ['step'] } = training;
  const { step, from, log, batches, validator, album } = await begin(input, training);
  try {
    let saved = from;
    const save = (done: number): void => {
      const arrays = stateArrays(step, (name) => !isGradientSum(name) && !training.constant?.(name));
      checkFinite(arrays, done, lr);
      checkpoints.save({ step: done, arrays: { ...arrays, ...validator?.arrays, ...album?.arrays }, notes: log.state });
      saved = done;
    };
    /** Rejects like the work, but saves first: the stage was asked to stop after `done` steps. */
    const orLeave = (work: Promise<void>, done: number): Promise<void> =>
      work.catch(async (error) => {
        const last = async (): Promise<void> => {
          await checkpoints.settled();
          if (saved !== done) save(done);
          await checkpoints.settled();
        };
        await within(leaveMs, last());
        throw error;
      });
    const look = async (done: number): Promise<void> => {
      // Drawing comes first: whoever resumes may draw a state again, but must not note its validation a second time.
      await album?.draw(step, done, training.wanted);
      await validator?.judge(step, done, training.wanted);
    };
    /** After the checkpoint of the same step, so that whoever resumes from that looks at its state, and only then goes on. */
    const lookOrLeave = (done: number) => orLeave(look(done), done);
    let last = steps;
    for (let done = from + 1; done <= steps; done++) {
      await lookOrLeave(done - 1);
      if (training.hasEnded?.(log.series)) {
        last = done - 1;
        break;
      }
      const { plan, images } = await batches.next();
      const metrics = await runPrograms(step, programs(done - 1), microBatches, signal, (microBatch) =>
        training.tensorsOf(done - 1, plan, images, microBatch, log.series),
      );
      checkMetrics(metrics, done, lr);
      log.add(done, { ...metrics, ...training.logged?.(plan, log.series) });
      if (checkpoints.due(done) && done < steps) save(done);
      await orLeave(progress({ phase: 'train', step: done, steps, metrics }), done);
    }
    if (last === steps) await lookOrLeave(steps);
    log.close(last);
    const state = validator?.chosen ?? finalState(step, training, last);
    return { state, series: log.series, pictures: album?.pictures ?? [] };
  } finally {
    step.dispose();
  }
};

/** How long a stage that is asked to stop may wait for its last checkpoint, where the store is slow or unreachable. */
const leaveMs = 7_000;

/** The compiled step in the state of the last checkpoint. Does not hold on to the checkpoint itself: it is as large as the state. */
const begin = async <Recipe, P extends { readonly recipe: Recipe }>(
  input: InputContext<Recipe>,
  training: Training<Recipe, P>,
): Promise<{
  step: Step;
  from: number;
  log: MeanLog;
  batches: BatchReader<Recipe, P>;
  validator?: Validator;
  album?: Album;
}> => {
  const { steps, window, validation, drawing, lr } = training;
  const resumed = await input.checkpoints.resume();
  const from = resumed?.step ?? 0;
  const batches = training.batches(from);
  await input.progress({ phase: 'compile', step: from, steps });
  const log = new MeanLog(window, resumed?.notes as JsonObject | undefined);
  const arrays = resumed?.arrays ?? {};
  const validator = validation && new Validator(validation, log, arrays, lr);
  const album = drawing && new Album(drawing, arrays);
  const isState = (name: string): boolean => !isOfBest(name) && !isDrawn(name);
  const tensors = stateTensors(Object.fromEntries(Object.entries(arrays).filter(([name]) => isState(name))));
  try {
    const step = timed(input, () => training.compile(tensors));
    return { step, from, batches, log, ...(validator && { validator }), ...(album && { album }) };
  } finally {
    tf.dispose(tensors);
  }
};

/** A loss is that of the weights before its step: only the state itself shows what the last step made of them. */
const finalState = <Recipe, P extends { readonly recipe: Recipe }>(
  step: Step,
  { wanted, lr }: Pick<Training<Recipe, P>, 'wanted' | 'lr'>,
  last: number,
): Tensors => {
  const arrays = stateArrays(step, wanted);
  checkFinite(arrays, last, lr);
  return stateTensors(arrays);
};
