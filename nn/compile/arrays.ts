import type { CheckpointArray } from '../../core/checkpoint.ts';
import { type Tensors, tf } from '../tf.ts';
import type { Step } from './index.ts';

/** A copy of a step's state in JavaScript's memory, one tensor at a time, so that the copy is all that it costs. */
export const stateArrays = (step: Step, wanted: (name: string) => boolean): Record<string, CheckpointArray> =>
  Object.fromEntries(
    step.stateNames.filter(wanted).map((name) => {
      const { [name]: tensor } = step.readState((other) => other === name) as { readonly [name: string]: tf.Tensor };
      const { dtype, shape } = tensor as tf.Tensor;
      const data = (tensor as tf.Tensor).dataSync() as CheckpointArray['data'];
      tf.dispose(tensor as tf.Tensor);
      return [name, { dtype: dtype as CheckpointArray['dtype'], shape, data }];
    }),
  );

/** The tensors again; the caller disposes them. */
export const stateTensors = (arrays: { readonly [name: string]: CheckpointArray }): Tensors =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, { data, shape, dtype }]) => [name, tf.tensor(data, [...shape], dtype)]),
  );
