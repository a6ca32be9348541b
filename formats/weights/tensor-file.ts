import type { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import type { RandomAccess } from '../source.ts';
import { toArray } from '../torch/array.ts';
import type { Setting } from '../torch/setting.ts';

/** A tensor of a file, as the file lists it. */
export interface ListedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** As the format calls it: `F32`, `BF16`, `I64`. */
  readonly dtype: string;
}

/** Weights that somebody else wrote: which tensors they hold, and the values of each when asked for. */
export interface TensorFile {
  readonly format: 'safetensors' | 'pytorch';
  readonly tensors: readonly ListedTensor[];
  /** Row-major float32. @throws CemiflowError `FormatInvalid` for a tensor of whole numbers, and where the file is damaged */
  values(name: string): Promise<Float32Array>;
  /** A setting of the training that the file tells of, by its path of keys; undefined where it does not. Checkpoints of Lightning have some. */
  setting(path: readonly string[]): Setting | undefined;
}

/** Most values of one tensor: 4 GiB of float32, which no network here comes near. */
const maxValues = 2 ** 30;

/** Reads one tensor's bytes and makes them float32. */
export const readFloats = async (
  format: string,
  file: RandomAccess,
  { name, dtype, shape }: ListedTensor,
  from: number,
): Promise<Float32Array> => {
  const refuse = (message: string): CemiflowError => formatInvalid({ format, file: file.path, offset: from, message });
  const float = Object.hasOwn(floats, dtype) ? floats[dtype as keyof typeof floats] : undefined;
  if (!float) throw refuse(`${name} must be of ${Object.keys(floats).join(', ')}, got ${dtype}`);
  const count = shape.reduce((product, n) => product * n, 1);
  if (count > maxValues) throw refuse(`${name} must have at most ${maxValues} values, got ${count}`);
  const values = toArray(float.dtype, await file.read(from, count * float.bytes));
  return values instanceof Float32Array ? values : Float32Array.from(values as Float64Array);
};

const floats = {
  F64: { dtype: 'float64', bytes: 8 },
  F32: { dtype: 'float32', bytes: 4 },
  F16: { dtype: 'float16', bytes: 2 },
  BF16: { dtype: 'bfloat16', bytes: 2 },
} as const;
