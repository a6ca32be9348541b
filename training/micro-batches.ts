import { CemiflowError } from '../core/errors.ts';
import type { StageContext } from '../core/stage.ts';
import type { Step } from '../nn/compile/index.ts';
import { accumulating } from '../nn/micro-batches.ts';
import { type Tensors, tf } from '../nn/tf.ts';

/** Where a micro-batch lies in its batch. */
export interface MicroBatch {
  /** From 0. */
  readonly index: number;
  /** Place of its first sample. */
  readonly first: number;
  /** Samples. */
  readonly count: number;
}

/**
 * The micro-batches that a batch is cut into, for gradients to be added up.
 * @param size samples of a micro-batch; 0 leaves the batch whole
 * @throws CemiflowError `MicroBatchInvalid` where it does not divide the batch
 */
export const microBatchesOf = (batch: number, size: number): MicroBatch[] => {
  const count = size || batch;
  if (batch % count !== 0) {
    throw new CemiflowError('MicroBatchInvalid', `microBatch must divide batch, got ${count} and ${batch}`, {
      remedy: 'choose a microBatch that divides the batch, or 0 for none',
      data: { batch, microBatch: count },
    });
  }
  return Array.from({ length: batch / count }, (_, index) => ({ index, first: index * count, count }));
};

/** The values of one micro-batch. @param values of a whole batch of `batch` samples, each the same number of values */
export const rowsOf = <T extends Float32Array | Int32Array>(values: T, batch: number, rows: MicroBatch): T => {
  const size = values.length / batch;
  return values.subarray(rows.first * size, (rows.first + rows.count) * size) as T;
};

/** Makes a compiled step, and logs how long that took: it does not count as time of the steps. */
export const timed = ({ log }: Pick<StageContext, 'log'>, make: () => Step): Step => {
  const start = performance.now();
  const step = make();
  log(`compiled in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return step;
};

/**
 * Runs the programs of one training step, each over all micro-batches, and lets heartbeats leave between them.
 *
 * @param programs in order; programs of several networks name their metrics differently
 * @returns means of the metrics over the micro-batches, and those that only the last one gives
 * @throws the signal's reason, where it aborts between two micro-batches
 */
export const runPrograms = async (
  step: Step,
  programs: readonly string[],
  microBatches: readonly MicroBatch[],
  signal: AbortSignal,
  tensorsOf: (microBatch: MicroBatch) => Tensors,
): Promise<Record<string, number>> => {
  const means: Record<string, number> = {};
  const last = microBatches.length - 1;
  for (const [turn, program] of programs.entries()) {
    for (const microBatch of microBatches) {
      if (turn > 0 || microBatch.index > 0) {
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) throw signal.reason;
      }
      const batch = tensorsOf(microBatch);
      const metrics = step.run(batch, microBatch.index < last ? accumulating(program) : program);
      tf.dispose(batch);
      for (const [name, value] of Object.entries(metrics)) {
        // What the last micro-batch alone gives is said of the whole step.
        const share = microBatch.index === last && means[name] === undefined ? 1 : microBatches.length;
        means[name] = (means[name] ?? 0) + value / share;
      }
    }
  }
  return means;
};
