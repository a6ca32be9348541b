import { annotated } from './kernels/annotate.ts';
import { attribute, op } from './kernels/backend.ts';
import { type Tensors, tf } from './tf.ts';

/**
 * Dynamic loss scaling, with the numbers of PyTorch's `GradScaler`: float16 has no gradients below 6e-8, so the way back begins with
 * a large power of two in place of 1. Where that was too large, a gradient is not finite: the step is skipped, and the scale
 * halved. After many finite steps it doubles.
 */
const first = 2 ** 16;
const growthInterval = 2000;
/** The largest power of two that float32 has. */
const largest = 2 ** 127;

const scaleName = 'lossScale.value';
const finiteName = 'lossScale.finiteSteps';

/** First state of loss scaling: the scale, and how many finite steps there were since it changed. The caller disposes it. */
export const lossScaleState = (): Tensors => ({ [scaleName]: tf.scalar(first), [finiteName]: tf.scalar(0) });

/** Runs a pass whose gradients are scaled on the way back, where the state has a loss scale. */
export const scaled = <T>(state: Tensors, pass: () => T): T => {
  const lossScale = state[scaleName] as tf.Scalar | undefined;
  return lossScale ? annotated({ lossScale }, pass) : pass();
};

/** What becomes of a step, by its gradients. Without a loss scale, nothing is looked at, and nothing added. */
export interface Guard {
  /** The state that a step made, or in its place that before the step where a gradient is not finite. */
  orBefore(made: Tensors): Tensors;
  /** State of loss scaling after the step. */
  nextScale(): Tensors;
  /** The scale of this step, and 1 where it was skipped. @param program `step`, or the name that the metrics begin with */
  metrics(program: string): Tensors;
}

const unguarded: Guard = { orBefore: (made) => made, nextScale: () => ({}), metrics: () => ({}) };

/** @param gradients of a step, unscaled */
export const guardOf = (state: Tensors, gradients: Tensors): Guard => {
  const { [scaleName]: scale, [finiteName]: steps } = state;
  if (!scale || !steps) return unguarded;
  const finite = allFinite(Object.values(gradients));
  return {
    orBefore: (made) =>
      Object.fromEntries(
        Object.entries(made).map(([name, tensor]) => [name, choose(finite, tensor, state[name] as tf.Tensor)]),
      ),
    nextScale: () => {
      const counted = steps.add(1);
      const grows = tf.greaterEqual(counted, growthInterval);
      const grown = choose(grows, tf.minimum(scale.mul(2), largest), scale);
      return {
        [scaleName]: choose(finite, grown, scale.mul(0.5)),
        [finiteName]: choose(finite, choose(grows, tf.zerosLike(counted), counted), tf.zerosLike(counted)),
      };
    },
    metrics: (program) => {
      const prefix = program === 'step' ? '' : `${program} `;
      return {
        [`${prefix}lossScale`]: scale.clone(),
        [`${prefix}skipped`]: tf.sub(1, tf.cast(finite, 'float32')),
      };
    },
  };
};

/** bool scalar */
const allFinite = (tensors: readonly tf.Tensor[]): tf.Tensor =>
  tensors.map((tensor): tf.Tensor => tf.all(tf.isFinite(tensor))).reduce((all, each) => tf.logicalAnd(all, each));

/** One of two tensors as a whole: TensorFlow's kernel passes it on and copies nothing. @param condition bool scalar */
const choose = (condition: tf.Tensor, yes: tf.Tensor, no: tf.Tensor): tf.Tensor =>
  op('Select', [attribute.float32('T')], [condition, yes, no]);
