import { type Tensors, tf } from '../tf.ts';
import { after } from './annotate.ts';
import { attribute, op } from './backend.ts';
import { differentiable } from './differentiable.ts';

/**
 * Runs `f` and forgets what happened inside: the way back runs it again (gradient checkpointing, Chen et al. 2016). Costs
 * one more forward pass of `f`, and saves the memory of everything between its inputs and its output.
 *
 * @param inputs every tensor that `f` depends on: no gradient reaches others
 * @param f a pure function of its inputs; gradients flow through `y` alone
 */
export const recompute = (
  inputs: Tensors,
  f: (inputs: Tensors) => { y: tf.Tensor; aside?: readonly tf.Tensor[] },
): { y: tf.Tensor; aside: tf.Tensor[] } => {
  const names = Object.keys(inputs);
  const named = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(names.map((name, i) => [name, values[i] as T]));
  const [y, ...aside] = differentiable(
    inputs,
    (save) => {
      save(Object.values(inputs));
      const made = f(inputs);
      return [made.y, ...(made.aside ?? [])];
    },
    (dys, saved) => {
      // tfjs hands over one dy bare, several as a list.
      const dy = [dys].flat()[0] as tf.Tensor;
      // Without the wait, a traced graph would compute this again at once and keep it, or merge it with the first time.
      const again = after(dy, () => saved.map((tensor) => op('Identity', [typeOf(tensor)], [tensor])));
      const gradients = named(gradientsOf(() => f(named(again)).y, again, dy));
      return Object.fromEntries(
        names.map((name) => [name, () => gradients[name] ?? tf.zerosLike(inputs[name] as tf.Tensor)]),
      );
    },
  ) as [tf.Tensor, ...tf.Tensor[]];
  return { y, aside };
};

const typeOf = (tensor: tf.Tensor) => (tensor.dtype === 'int32' ? attribute.int32('T') : attribute.float32('T'));

interface Engine {
  readonly state: { activeTape: unknown };
  gradients(
    f: () => tf.Tensor,
    xs: tf.Tensor[],
    dy: tf.Tensor,
    allowNoGradients: boolean,
  ): { value: tf.Tensor; grads: (tf.Tensor | undefined)[] };
}

/** tfjs keeps one tape: that of the caller, who is on his way back, is put aside meanwhile. */
const gradientsOf = (f: () => tf.Tensor, inputs: tf.Tensor[], dy: tf.Tensor): (tf.Tensor | undefined)[] => {
  const engine = tf.engine() as unknown as Engine;
  const tape = engine.state.activeTape;
  try {
    return engine.gradients(f, inputs, dy, true).grads;
  } finally {
    engine.state.activeTape = tape;
  }
};
