import { prefixed, withPrefix } from '../gradients.ts';
import { fused } from '../kernels/annotate.ts';
import type { Tensors, tf } from '../tf.ts';
import { type AdamWOptions, adamW, adamWState } from './adamw.ts';
import { emaUpdate } from './ema.ts';

/** First state of a network that AdamW trains: its weights `w`, their running average `ema`, and the moments under `adam`. */
export const averagedState = (w: tf.Tensor1D): Tensors => ({
  w,
  ema: w.clone(),
  ...prefixed(adamWState({ w }), 'adam'),
});

/**
 * One step of AdamW, and of the average after it.
 *
 * @param batch.rate learning rate, scalar @param batch.emaDecay scalar
 * @returns the state under the names of `averagedState`
 */
export const averagedUpdate = (state: Tensors, batch: Tensors, gradient: tf.Tensor, optimizer: AdamWOptions): Tensors =>
  fused('optimizer', () => {
    const w = state.w as tf.Tensor;
    const moved = adamW({ w }, { w: gradient }, withPrefix(state, 'adam'), batch.rate as tf.Tensor, optimizer);
    const average = emaUpdate({ w: state.ema as tf.Tensor }, moved.parameters, batch.emaDecay as tf.Tensor);
    return { ...moved.parameters, ema: average.w as tf.Tensor, ...prefixed(moved.state, 'adam') };
  });
