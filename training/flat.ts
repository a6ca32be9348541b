import { compileStep, type Step } from '../nn/compile/index.ts';
import type { PrecisionOption } from '../nn/compile/precision.ts';
import { type FlatTraining, flatPrograms, flatState } from '../nn/optim/flat-adam.ts';
import { initialise } from '../nn/parameters.ts';
import { type Tensors, tf } from '../nn/tf.ts';

/**
 * The compiled training step of a network whose weights are one vector, from its first weights.
 *
 * @param options.example a batch, whose shapes alone matter; disposed
 * @param options.resumed tensors that replace those of the first state
 */
export const compileFlat = (
  training: FlatTraining,
  {
    example,
    seed,
    resumed,
    precision,
  }: PrecisionOption & { readonly example: Tensors; readonly seed: number; readonly resumed: Tensors },
): Step => {
  const first = initialise(training.parameters, seed);
  const initial = flatState(first, training);
  try {
    return compileStep(flatPrograms(training), { ...initial, ...resumed }, example, { precision });
  } finally {
    tf.dispose([example, first, initial]);
  }
};
