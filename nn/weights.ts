import { CemiflowError } from '../core/errors.ts';
import type { Parameter } from './parameter.ts';
import { type Tensors, tf } from './tf.ts';

/** A parameter as files hold it. */
export interface StoredParameter extends Parameter {
  /**
   * For a linear layer behind a flattened feature map: the map's [H, W, C]. In memory its rows are ordered by H, W, C;
   * PyTorch flattens C, H, W.
   */
  readonly flattened?: readonly [height: number, width: number, channels: number];
}

/** A tensor of a safetensors file (`formats/safetensors.ts` writes and reads these). */
export interface StoredTensor {
  readonly dtype: 'F32';
  readonly shape: number[];
  readonly data: Float32Array;
}

/** Parameters in PyTorch's layout: convolutions OIHW, linear layers [out, in]. */
export const toSafetensors = (tensors: Tensors, parameters: readonly StoredParameter[]): Record<string, StoredTensor> =>
  Object.fromEntries(
    parameters.map((parameter) => {
      const tensor = tensors[parameter.name];
      if (!tensor) throw mismatch(`the network lacks parameter ${parameter.name}`, parameter.name);
      const stored = tf.tidy(() => toPyTorch(tensor, parameter).clone());
      const data = stored.dataSync() as Float32Array;
      stored.dispose();
      return [parameter.name, { dtype: 'F32' as const, shape: stored.shape, data }];
    }),
  );

/**
 * The way back. Names may carry the prefix `model.`, as Lightning's checkpoints do, and a linear layer may be stored as a
 * convolution of kernel 1, [out, in, 1], as those over tokens are in guided-diffusion. Other tensors of the file are left.
 *
 * @throws CemiflowError `WeightsMismatch` where a parameter is absent or of another shape
 */
export const fromSafetensors = (
  stored: { readonly [name: string]: { dtype: string; shape: readonly number[]; data: ArrayLike<unknown> } },
  parameters: readonly StoredParameter[],
): Tensors => {
  const found = parameters.map((parameter) => {
    const { name } = parameter;
    const tensor = stored[name] ?? stored[`model.${name}`];
    if (!tensor) throw mismatch(`the file lacks parameter ${name}`, name);
    const expected = storedShape(parameter);
    const asConvolution = parameter.kind === 'linear' && `${tensor.shape}` === `${[...expected, 1]}`;
    if (tensor.dtype !== 'F32' || !(asConvolution || `${tensor.shape}` === `${expected}`)) {
      throw mismatch(`${name} must be F32 [${expected}], the file has ${tensor.dtype} [${tensor.shape}]`, name);
    }
    return { parameter, data: tensor.data as Float32Array };
  });
  return Object.fromEntries(found.map(({ parameter, data }) => [parameter.name, fromPyTorch(data, parameter)]));
};

/** Shape in a file: PyTorch's layout. */
export const storedShape = ({ kind, shape }: Parameter): number[] => {
  if (kind === 'conv') return [shape[3], shape[2], shape[0], shape[1]] as number[];
  return kind === 'linear' ? [...shape].reverse() : [...shape];
};

const toPyTorch = (tensor: tf.Tensor, { kind, shape, flattened }: StoredParameter): tf.Tensor => {
  if (kind === 'conv') return tf.transpose(tensor, [3, 2, 0, 1]);
  if (kind !== 'linear') return tensor;
  if (!flattened) return tf.transpose(tensor);
  return tf.reshape(tf.transpose(tf.reshape(tensor, [...flattened, shape[1] as number]), [3, 2, 0, 1]), [
    shape[1] as number,
    shape[0] as number,
  ]);
};

const fromPyTorch = (data: Float32Array, parameter: StoredParameter): tf.Tensor =>
  tf.tidy(() => {
    const { kind, shape, flattened } = parameter;
    const tensor = tf.tensor(data, storedShape(parameter), 'float32');
    if (kind === 'conv') return tf.transpose(tensor, [2, 3, 1, 0]);
    if (kind !== 'linear') return tensor;
    if (!flattened) return tf.transpose(tensor);
    const [height, width, channels] = flattened;
    const map = tf.reshape(tensor, [shape[1] as number, channels, height, width]);
    return tf.reshape(tf.transpose(map, [2, 3, 1, 0]), [...shape]);
  });

const mismatch = (message: string, name: string): CemiflowError =>
  new CemiflowError('WeightsMismatch', message, {
    remedy: 'check that the weights belong to this network configuration',
    data: { parameter: name },
  });
