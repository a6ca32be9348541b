import { type CompiledFunction, compileFunction } from '../compile/index.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';
import { conditionTokens } from './condition.ts';
import { ddimStep } from './ddim.ts';

/**
 * One DDIM step of a generator for batches of one size. It takes `x` float32 [B, S, S, 3], `identity` float32 [B, D], `m`
 * float32 [B] and the scalars `time`, `alphaBar` and `nextAlphaBar`, and gives the next `x`.
 *
 * @param weights `unetParameters(network)` by name; the caller keeps them
 */
export const compileSampler = (
  weights: Tensors,
  network: UNetConfig,
  batch: number,
  options?: { compiled: boolean },
): CompiledFunction => {
  const { imageSize: s, identitySize } = network;
  const example = {
    x: tf.zeros([batch, s, s, 3]),
    identity: tf.zeros([batch, identitySize]),
    m: tf.zeros([batch]),
    time: tf.scalar(1),
    alphaBar: tf.scalar(0.5),
    nextAlphaBar: tf.scalar(0.6),
  };
  const step = compileFunction(
    (w, inputs) => {
      const tokens = conditionTokens(w, inputs.identity as tf.Tensor2D, inputs.m as tf.Tensor1D, network);
      const at = inputs as { time: tf.Tensor; alphaBar: tf.Tensor; nextAlphaBar: tf.Tensor };
      return { x: ddimStep(w, inputs.x as tf.Tensor4D, tokens, at, network) };
    },
    weights,
    example,
    options,
  );
  tf.dispose(example);
  return step;
};
