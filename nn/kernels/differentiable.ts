import { tf } from '../tf.ts';
import { annotated, annotation } from './annotate.ts';

type Save = (tensors: tf.Tensor[]) => void;
interface Engine {
  runKernelFunc(kernel: {
    inputs: Record<string, tf.Tensor>;
    forwardFunc: (backend: unknown, save: Save) => tf.Tensor | tf.Tensor[];
    backwardsFunc: (dy: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => Record<string, () => tf.Tensor>;
  }): tf.Tensor | tf.Tensor[];
}

/**
 * An op made of raw kernels, with its gradient. Unlike `tf.customGrad`, each input's gradient is computed only where it
 * is asked for (frozen weights and input images cost nothing), and there may be several outputs.
 *
 * @param forward `save` keeps tensors for the way back, while a gradient is being taken
 * @param backward gets one dy, or one per output, and what was saved
 */
export const differentiable = <T extends tf.Tensor | tf.Tensor[]>(
  inputs: Record<string, tf.Tensor>,
  forward: (save: Save) => T,
  backward: (
    dy: T extends tf.Tensor[] ? tf.Tensor[] : tf.Tensor,
    saved: tf.Tensor[],
  ) => Record<string, () => tf.Tensor>,
): T => {
  const { rounding } = annotation();
  // What is exact on the way there is exact on the way back.
  const alike = <R>(body: () => R): R => (rounding === undefined ? body() : annotated({ rounding }, body));
  return (tf.engine() as unknown as Engine).runKernelFunc({
    inputs,
    forwardFunc: (_, save) => forward(save),
    backwardsFunc: (dy, saved) => {
      const gradients = alike(() => backward(dy as Parameters<typeof backward>[0], saved));
      return Object.fromEntries(Object.entries(gradients).map(([name, make]) => [name, () => alike(make)]));
    },
  }) as T;
};

/** Runs `f` so that no gradient flows through what it makes. */
export const withoutGradient = <T extends tf.Tensor | tf.Tensor[]>(f: () => T): T => differentiable({}, f, () => ({}));
