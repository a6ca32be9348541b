import type { TensorRef, TorchDtype } from './tensor.ts';

/** float32 also for float16 and bfloat16, which widen exactly; bool as 0 and 1. */
export type TorchArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/** Items of little-endian bytes, in new memory. */
export const toArray = (dtype: TorchDtype, bytes: Uint8Array): TorchArray => {
  const copy = new Uint8Array(bytes).buffer;
  switch (dtype) {
    case 'float32':
      return new Float32Array(copy);
    case 'float64':
      return new Float64Array(copy);
    case 'int64':
      return new BigInt64Array(copy);
    case 'int32':
      return new Int32Array(copy);
    case 'int16':
      return new Int16Array(copy);
    case 'int8':
      return new Int8Array(copy);
    case 'uint8':
      return new Uint8Array(copy);
    case 'bool':
      return new Uint8Array(copy).map((byte) => (byte === 0 ? 0 : 1));
    case 'float16':
      return Float32Array.from(new Uint16Array(copy), halfToNumber);
    case 'bfloat16': {
      const wide = Uint32Array.from(new Uint16Array(copy), (bits) => bits << 16);
      return new Float32Array(wide.buffer);
    }
  }
};

/** IEEE 754 binary16. */
const halfToNumber = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/** Whether the tensor's items lie in the storage row by row, without gaps. Strides of axes of size 1 say nothing. */
export const isContiguous = ({ shape, strides }: TensorRef): boolean => {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] as number;
  }
  return true;
};

/** Copies a strided tensor row by row. @param storage bytes from the tensor's first item on */
export const gather = ({ shape, strides, items }: TensorRef, storage: Uint8Array, itemBytes: number): Uint8Array => {
  const out = new Uint8Array(items * itemBytes);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let item = 0; item < items; item++) {
    for (let byte = 0; byte < itemBytes; byte++) {
      out[item * itemBytes + byte] = storage[from * itemBytes + byte] as number;
    }
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      from += strides[axis] as number;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (shape[axis] as number) * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
};
