import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from '../../formats/safetensors.ts';

const file = (header: unknown, body = Buffer.alloc(0)): Buffer => {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, body]);
};
const f32 = (shape: unknown, begin: unknown, end: unknown) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('encodeSafetensors', () => {
  const tensors = {
    weight: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -0, Number.NaN, Infinity) },
    flags: { dtype: 'U8', shape: [3], data: Uint8Array.of(0, 1, 255) },
    index: { dtype: 'I32', shape: [2], data: Int32Array.of(-1, 2) },
    big: { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 60n)) },
    wide: { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) },
    none: { dtype: 'F32', shape: [0, 5], data: new Float32Array(0) },
  } as const;

  it('gives back every dtype, shape and value, NaN and -0 among them', () => {
    const decoded = decodeSafetensors(encodeSafetensors(tensors));
    expect(decoded).toEqual(tensors);
    expect(Object.is(decoded.weight?.data[1], -0)).toBe(true);
  });

  it('keeps the bit pattern of a NaN with a payload', () => {
    const bits = Uint32Array.of(0x7fa12345);
    const data = new Float32Array(bits.buffer);
    const decoded = decodeSafetensors(encodeSafetensors({ x: { dtype: 'F32', shape: [1], data } }));
    expect(new Uint32Array(decoded.x?.data.buffer as ArrayBuffer)[0]).toBe(0x7fa12345);
  });

  it('gives equal bytes whatever the order of names', () => {
    const reversed = Object.fromEntries(Object.entries(tensors).reverse());
    expect(encodeSafetensors(reversed, { b: '2', a: '1' })).toEqual(encodeSafetensors(tensors, { a: '1', b: '2' }));
  });

  it('gives the bytes that the format prescribes', () => {
    const bytes = encodeSafetensors({ a: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } }, { k: 'v' });
    const header = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(bytes).toEqual(file(padded, Buffer.from('0000803f', 'hex')));
    expect(safetensorsMetadata(bytes)).toEqual({ k: 'v' });
  });

  it('reads from a view that is not aligned', () => {
    const bytes = encodeSafetensors(tensors);
    const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    expect(decodeSafetensors(shifted)).toEqual(tensors);
  });

  it('refuses data that does not fit its shape or dtype', () => {
    expect(() => encodeSafetensors({ a: { dtype: 'F32', shape: [2], data: new Float32Array(3) } })).toThrow(/2 values/);
    expect(() => encodeSafetensors({ a: { dtype: 'F32', shape: [2], data: new Int32Array(2) } })).toThrow(/Int32Array/);
  });
});

describe('decodeSafetensors', () => {
  const body = Buffer.alloc(16);
  it.each([
    ['an empty file', Buffer.alloc(0), 'SafetensorsInvalid'],
    ['a header longer than the file', file({ a: f32([4], 0, 16) }, body).subarray(0, 20), 'SafetensorsInvalid'],
    ['a header of 2^63 bytes', Buffer.alloc(64, 0x7f), 'SafetensorsInvalid'],
    ['a header that is not JSON', file('{"a":'), 'SafetensorsInvalid'],
    ['a header that is not UTF-8', file('x').fill(0xff, 8), 'SafetensorsInvalid'],
    ['a header that is a list', file([1]), 'SafetensorsInvalid'],
    ['bytes cut off', file({ a: f32([4], 0, 16) }, body.subarray(1)), 'SafetensorsInvalid'],
    ['bytes of no tensor at the end', file({ a: f32([3], 0, 12) }, body), 'SafetensorsInvalid'],
    ['bytes of no tensor at the start', file({ a: f32([3], 4, 16) }, body), 'SafetensorsInvalid'],
    ['overlapping tensors', file({ a: f32([3], 0, 12), b: f32([2], 8, 16) }, body), 'SafetensorsInvalid'],
    ['two tensors of the same bytes', file({ a: f32([4], 0, 16), b: f32([4], 0, 16) }, body), 'SafetensorsInvalid'],
    ['offsets in reverse', file({ a: f32([0], 16, 0) }, body), 'SafetensorsInvalid'],
    ['a negative offset', file({ a: f32([4], -4, 12) }, body), 'SafetensorsInvalid'],
    ['a fractional offset', file({ a: f32([4], 0.5, 16) }, body), 'SafetensorsInvalid'],
    ['a shape too large for its bytes', file({ a: f32([5], 0, 16) }, body), 'SafetensorsShape'],
    ['a shape whose product overflows', file({ a: f32([2 ** 40, 2 ** 40], 0, 16) }, body), 'SafetensorsShape'],
    ['a negative size', file({ a: f32([-1, -4], 0, 16) }, body), 'SafetensorsShape'],
    ['an unknown dtype', file({ a: { ...f32([4], 0, 16), dtype: 'BF16' } }, body), 'SafetensorsDtype'],
    ['a dtype named like a method', file({ a: { ...f32([4], 0, 16), dtype: 'toString' } }, body), 'SafetensorsDtype'],
    ['an entry that is null', file({ a: null }, body), 'SafetensorsDtype'],
    ['metadata that is no string', file({ __metadata__: { a: 1 } }), 'SafetensorsInvalid'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code }));
  });

  it('reads a name like __proto__ as a plain name', () => {
    const decoded = decodeSafetensors(file(`{"__proto__":${JSON.stringify(f32([4], 0, 16))}}`, body));
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });
});
