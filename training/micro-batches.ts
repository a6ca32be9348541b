import { CemiflowError } from '../core/errors.ts';
import type { StageContext } from '../core/stage.ts';
import type { Step } from '../nn/compile/index.ts';
import { type Tensors, tf } from '../nn/tf.ts';

/** Where a part lies in its batch. */
export interface Part {
  /** From 0. */
  readonly index: number;
  /** Place of its first image. */
  readonly first: number;
  /** Images. */
  readonly count: number;
}

/**
 * The parts that a batch is cut into, for gradients to be added up.
 * @param microBatch images of a part; 0 leaves the batch whole
 * @throws CemiflowError `MicroBatchInvalid` where it does not divide the batch
 */
export const partsOf = (batch: number, microBatch: number): Part[] => {
  const count = microBatch || batch;
  if (batch % count !== 0) {
    throw new CemiflowError('MicroBatchInvalid', `microBatch must divide batch, got ${count} and ${batch}`, {
      remedy: 'choose a microBatch that divides the batch, or 0 for none',
      data: { batch, microBatch: count },
    });
  }
  return Array.from({ length: batch / count }, (_, index) => ({ index, first: index * count, count }));
};

/** Makes a compiled step, and says in the log how long that took: it is no part of the steps' time. */
export const timed = ({ log }: Pick<StageContext, 'log'>, make: () => Step): Step => {
  const start = performance.now();
  const step = make();
  log(`compiled in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return step;
};

/**
 * Runs one step in its parts, and lets heartbeats leave between them.
 *
 * @returns means of the metrics over the parts @throws what the signal says, where it aborts between two parts
 */
export const runParts = async (
  step: Step,
  parts: readonly Part[],
  signal: AbortSignal,
  tensorsOf: (part: Part) => Tensors,
): Promise<Record<string, number>> => {
  const means: Record<string, number> = {};
  for (const part of parts) {
    if (part.index > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw signal.reason;
    }
    const batch = tensorsOf(part);
    const metrics = step.run(batch, part.index < parts.length - 1 ? 'accumulate' : 'step');
    tf.dispose(batch);
    for (const [name, value] of Object.entries(metrics)) means[name] = (means[name] ?? 0) + value / parts.length;
  }
  return means;
};
