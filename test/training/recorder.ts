import type { Checkpoint, StageCheckpoints } from '../../core/checkpoint.ts';
import { noCheckpoints } from '../../core/checkpoint.ts';
import type { Progress, StageContext } from '../../core/stage.ts';
import { stateTensors } from '../../nn/compile/arrays.ts';
import type { Tensors, tf } from '../../nn/tf.ts';

/** What a training stage computed, step by step, from outside: its metrics, and its state after every step but the last. */
export interface Recording {
  /** Of step i, from 0. */
  readonly metrics: Record<string, number>[];
  /** State after step i, from 0. */
  readonly states: Tensors[];
}

/** A context whose checkpoints fall due at every step and are kept here. */
export const recording = <C extends StageContext>(context: C): { context: C; recorded: Recording } => {
  const recorded: Recording = { metrics: [], states: [] };
  const checkpoints: StageCheckpoints = {
    ...noCheckpoints,
    due: () => true,
    save: ({ arrays }: Checkpoint) => void recorded.states.push(stateTensors(arrays)),
  };
  const progress = async ({ phase, metrics }: Progress): Promise<void> => {
    if (phase === 'train') recorded.metrics.push({ ...metrics });
  };
  return { context: { ...context, checkpoints, progress }, recorded };
};

const valuesOf = (tensor: tf.Tensor | undefined): Float64Array => Float64Array.from((tensor as tf.Tensor).dataSync());

/**
 * The largest difference of tensors of the same names: of each, divided by its largest magnitude, or by a hundredth of the largest
 * of all where the tensor is nearly zero.
 */
const differences = (made: Tensors, wanted: Tensors): { readonly [name: string]: number } => {
  const values = Object.entries(wanted).map(([name, tensor]) => [name, valuesOf(tensor)] as const);
  const top = (of: Float64Array): number => of.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const all = Math.max(...values.map(([, each]) => top(each)));
  return Object.fromEntries(
    values.map(([name, each]) => {
      const other = valuesOf(made[name]);
      const apart = each.map((value, i) => (other[i] as number) - value);
      return [name, top(apart) / Math.max(top(each), all / 100)];
    }),
  );
};

/** Names whose tensors differ by more than the limit; none are expected. */
export const differing = (made: Tensors, wanted: Tensors, limit: number): string[] =>
  Object.entries(differences(made, wanted)).flatMap(([name, by]) => (by <= limit ? [] : [`${name} by ${by}`]));
