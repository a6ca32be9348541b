import type { Programs } from './compile/index.ts';
import { prefixed, withPrefix } from './gradients.ts';
import { guardOf, scaled } from './loss-scale.ts';
import { type Tensors, tf } from './tf.ts';

/** What one pass over a (micro-)batch gives. */
export interface Pass {
  /** Gradients of the mean loss, by parameter. */
  readonly gradients: Tensors;
  /** Other state that the pass changed, such as running statistics. */
  readonly state?: Tensors;
  readonly metrics: Tensors;
}

/** How one optimised network moves. */
export interface Optimisation {
  /** Name of its program; a training of several networks has one for each. Default `step`. */
  readonly name?: string;
  /** Micro-batches of a batch, whose gradients are added up before the optimizer moves. Default 1. */
  readonly microBatches?: number;
  pass(state: Tensors, batch: Tensors): Pass;
  /** @returns the state that the optimizer moved */
  update(state: Tensors, batch: Tensors, gradients: Tensors): Tensors;
  /** Runs the ops that add gradients up, for instance `fused` with those of the optimizer. */
  readonly sum?: (body: () => Tensors) => Tensors;
}

/** Name of the program that adds up the gradients of all micro-batches but the last, which goes through `program`. */
export const accumulating = (program: string): string => (program === 'step' ? 'accumulate' : `${program}_accumulate`);

const sumsOf = (program: string): string => (program === 'step' ? 'gradient' : `${program}.gradient`);

/** First state: sums of gradients, all zero; nothing where a batch stays whole. */
export const gradientSums = (parameters: Tensors, { name = 'step', microBatches = 1 }: Sums): Tensors =>
  microBatches === 1 ? {} : prefixed(zeros(parameters), sumsOf(name));

type Sums = Pick<Optimisation, 'name' | 'microBatches'>;

/** Whether state is such a sum: zero after each step, so that no checkpoint needs it. */
export const isGradientSum = (name: string): boolean => /(^|\.)gradient\./.test(name);

/**
 * The programs of one optimised network: `step`, and with micro-batches `accumulate`. Where the state has a loss scale, which
 * `compileStep` adds in float16, gradients are scaled by it, and a step whose gradients are not finite is skipped.
 */
export const trainingPrograms = (optimisation: Optimisation): Programs => {
  const { name = 'step', microBatches = 1, pass, update, sum = (body) => body() } = optimisation;
  const passOf = (state: Tensors, batch: Tensors): Pass => scaled(state, () => pass(state, batch));
  if (microBatches === 1) {
    return {
      [name]: (state, batch) => {
        const { gradients, state: changed, metrics } = passOf(state, batch);
        const guard = guardOf(state, gradients);
        const moved = guard.orBefore({ ...update(state, batch, gradients), ...changed });
        return { state: { ...moved, ...guard.nextScale() }, metrics: { ...metrics, ...guard.metrics(name) } };
      },
    };
  }
  const sums = sumsOf(name);
  const added = (state: Tensors, gradients: Tensors): Tensors => {
    const before = Object.entries(withPrefix(state, sums));
    const addTo = (sum: tf.Tensor, key: string): tf.Tensor => (gradients[key] as tf.Tensor).div(microBatches).add(sum);
    return sum(() => Object.fromEntries(before.map(([key, tensor]) => [key, addTo(tensor, key)])));
  };
  return {
    [accumulating(name)]: (state, batch) => {
      const { gradients, state: changed = {}, metrics } = passOf(state, batch);
      // A sum that is not finite says so to the step; statistics could not be mended there.
      const kept = guardOf(state, gradients).orBefore(changed);
      return { state: { ...prefixed(added(state, gradients), sums), ...kept }, metrics };
    },
    [name]: (state, batch) => {
      const { gradients, state: changed, metrics } = passOf(state, batch);
      const all = added(state, gradients);
      const guard = guardOf(state, all);
      const moved = guard.orBefore({ ...update(state, batch, all), ...changed });
      return {
        state: { ...moved, ...prefixed(zeros(gradients), sums), ...guard.nextScale() },
        metrics: { ...metrics, ...guard.metrics(name) },
      };
    },
  };
};

const zeros = (tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.zerosLike(tensor)]));
