import type { SafeTensors } from '../../formats/safetensors.ts';
import { inceptionParameters } from '../../nn/inception/layout.ts';
import type { Tensors } from '../../nn/tf.ts';
import { fromSafetensors, storedShape } from '../../nn/weights.ts';
import { fill } from '../golden/values.ts';

/** Weights of the FID's network as `test/golden/inception.py` fills them, in PyTorch's layout: 87 MB. */
export const filledStored = (): SafeTensors =>
  Object.fromEntries(
    inceptionParameters.map((parameter) => {
      const shape = storedShape(parameter);
      return [parameter.name, { dtype: 'F32', shape, data: fillParameter(parameter.name, shape) }];
    }),
  );

/** The same, for the network. The caller disposes them. */
export const filledInception = (): Tensors => fromSafetensors(filledStored(), inceptionParameters);

const fillParameter = (name: string, shape: number[]): Float32Array => {
  if (shape.length > 1) return fill(name, shape, Math.sqrt(6 / shape.slice(1).reduce((a, b) => a * b, 1)));
  if (name.endsWith('running_var')) return fill(name, shape, 0.5, 1);
  return name.endsWith('weight') ? fill(name, shape, 0.4, 1) : fill(name, shape, 0.2);
};
