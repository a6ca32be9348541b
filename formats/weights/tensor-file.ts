import type { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import type { RandomAccess } from '../source.ts';

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
  const read = Object.hasOwn(floats, dtype) ? floats[dtype as keyof typeof floats] : undefined;
  if (!read) throw refuse(`${name} must be of ${Object.keys(floats).join(', ')}, got ${dtype}`);
  const count = shape.reduce((product, n) => product * n, 1);
  if (count > maxValues) throw refuse(`${name} must have at most ${maxValues} values, got ${count}`);
  const bytes = await file.read(from, count * read.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = read.at(view, i * read.bytes);
  return values;
};

/** IEEE 754 binary16. */
const half = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/** The upper half of a float32's bits, in a view of its own: there is no other way to reinterpret bits. */
const word = new DataView(new ArrayBuffer(4));
const brain = (bits: number): number => {
  word.setUint16(2, bits, true);
  return word.getFloat32(0, true);
};

const floats = {
  F64: { bytes: 8, at: (view: DataView, i: number) => view.getFloat64(i, true) },
  F32: { bytes: 4, at: (view: DataView, i: number) => view.getFloat32(i, true) },
  F16: { bytes: 2, at: (view: DataView, i: number) => half(view.getUint16(i, true)) },
  BF16: { bytes: 2, at: (view: DataView, i: number) => brain(view.getUint16(i, true)) },
} as const;
