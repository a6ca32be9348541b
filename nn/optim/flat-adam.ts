import type { Programs } from '../compile/index.ts';
import { flatten, unflatten } from '../flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../gradients.ts';
import { fused } from '../kernels/annotate.ts';
import { gradientSums, type Pass, trainingPrograms } from '../micro-batches.ts';
import type { Parameter } from '../parameters.ts';
import { type Tensors, tf } from '../tf.ts';
import { type AdamWOptions, adamW, adamWState } from './adamw.ts';

/** A network whose weights are one vector, which Adam trains. */
export interface FlatTraining {
  readonly parameters: readonly Parameter[];
  /** Micro-batches of a batch, whose gradients are added up before the optimizer moves. Default 1. */
  readonly microBatches?: number;
  readonly optimizer: AdamWOptions;
  /** @param weights by name @returns the loss, and what else the log shows */
  loss(weights: Tensors, batch: Tensors): { readonly loss: tf.Scalar; readonly [metric: string]: tf.Scalar };
}

/** First state: weights `w` as a vector, Adam's under `adam`, and with micro-batches the sums of gradients so far. */
export const flatState = (
  weights: Tensors,
  { parameters, microBatches }: Pick<FlatTraining, 'parameters' | 'microBatches'>,
): Tensors => {
  const w = flatten(weights, parameters);
  return { w, ...prefixed(adamWState({ w }), 'adam'), ...gradientSums({ w }, { microBatches }) };
};

/** Training as pure functions. A batch holds what the loss needs, and the scalar `rate`. */
export const flatPrograms = (training: FlatTraining): Programs =>
  trainingPrograms({
    microBatches: training.microBatches,
    pass: (state, batch) => pass(training, state, batch),
    update: (state, batch, gradients) =>
      fused('optimizer', () => {
        const { w } = state as { w: tf.Tensor };
        const before = withPrefix(state, 'adam');
        const moved = adamW({ w }, gradients, before, batch.rate as tf.Tensor, training.optimizer);
        return { ...moved.parameters, ...prefixed(moved.state, 'adam') };
      }),
    sum: (body) => fused('optimizer', body),
  });

const pass = ({ parameters, loss }: FlatTraining, state: Tensors, batch: Tensors): Pass => {
  const kept: Tensors = {};
  const { gradients } = valueAndGradients(
    ({ w }) => {
      const made = loss(unflatten(w as tf.Tensor1D, parameters), batch);
      for (const [name, value] of Object.entries(made)) kept[name] = tf.keep(value);
      return made.loss;
    },
    { w: state.w as tf.Tensor1D },
  );
  // `keep` carried these out of the gradient's scope; the clones belong to the caller's.
  const metrics = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, value.clone()]));
  tf.dispose(kept);
  return { gradients, metrics };
};
