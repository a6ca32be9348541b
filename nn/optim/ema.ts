import type { Tensors, tf } from '../tf.ts';

/** Decay of the average at a step: 1 − (1 + step)^−0.75, at most 0.9999 (DCFace's warm-up, CemiFace §4.1). */
export const emaDecay = (step: number, maximum = 0.9999): number => Math.min(maximum, 1 - (1 + step) ** -0.75);

/** average ← decay · average + (1 − decay) · parameters. @param decay scalar */
export const emaUpdate = (average: Tensors, parameters: Tensors, decay: tf.Tensor): Tensors =>
  Object.fromEntries(
    Object.entries(average).map(([name, value]) => {
      const parameter = parameters[name] as tf.Tensor;
      return [name, parameter.add(value.sub(parameter).mul(decay))];
    }),
  );
