import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { encodeNpy, type NpyArray, type NpyDtype, openNpy } from '../../formats/npy/index.ts';
import { inMemory } from '../../formats/source.ts';

const folder = new URL('../fixtures/formats/npy/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(`${name}.npy`, folder));
const arrays: [name: string, dtype: NpyDtype, shape: number[], data: NpyArray][] = [
  ['float32', 'float32', [2, 3], Float32Array.of(1.5, -2, Number.POSITIVE_INFINITY, 0, 3e-40, 7)],
  ['int32', 'int32', [2], Int32Array.of(2 ** 31 - 1, -(2 ** 31))],
  ['int64', 'int64', [2, 1, 1], BigInt64Array.of(2n ** 62n, -1n)],
  ['uint8', 'uint8', [7, 3], Uint8Array.from({ length: 21 }, (_, i) => (Math.floor(i / 3) * 10000 + (i % 3)) % 256)],
  ['scalar', 'int32', [], Int32Array.of(7)],
  ['empty', 'float32', [0, 512], Float32Array.of()],
];

const refusal = async (bytes: Uint8Array): Promise<unknown> =>
  openNpy(inMemory('a.npy', bytes)).then(
    () => 'read',
    (error: unknown) => error,
  );

describe('npy', () => {
  it.each(arrays.flatMap((array) => [1, 2, 3].map((version) => [version, ...array] as const)))(
    'version %i of %s is read as numpy wrote it',
    async (version, name, dtype, shape, data) => {
      const file = await openNpy(inMemory(name, fixture(`${name}-${version}`)));
      expect({ dtype: file.dtype, shape: file.shape, data: await file.read(0, data.length) }).toEqual({
        dtype,
        shape,
        data,
      });
      if (data.length > 1) expect(await file.read(1, 1)).toEqual(data.slice(1, 2));
    },
  );

  it.each(arrays)('%s is written byte for byte as numpy writes it, in pieces', async (name, dtype, shape, data) => {
    const pieces = [data.slice(0, 1), data.slice(1)];
    expect(await buffer(encodeNpy({ dtype, shape }, pieces))).toEqual(fixture(`${name}-1`));
  });

  it('refuses to write other values than the shape has', async () => {
    const write = (shape: number[], data: NpyArray) => buffer(encodeNpy({ dtype: 'float32', shape }, [data]));
    await expect(write([2], Float32Array.of(1))).rejects.toThrow(/needs 2 values, got 1/);
    await expect(write([1], Float32Array.of(1, 2))).rejects.toThrow(/needs 1 values, got 2/);
    await expect(write([1], Int32Array.of(1))).rejects.toThrow(/must be float32, got a Int32Array/);
    await expect(write([-1], Float32Array.of())).rejects.toThrow(/whole numbers/);
  });

  it.each([
    ['bad-fortran', /order must be C/],
    ['bad-object', /dtype must be <f4, <i4, <i8 or \|u1, got "\|O"/],
    ['bad-big-endian', /got ">i4"/],
  ])('%s is refused', async (name, message) => {
    expect(await refusal(fixture(name))).toMatchObject({
      code: 'FormatInvalid',
      message: expect.stringMatching(message),
    });
  });

  it('refuses a file that is cut, padded, or claims a huge shape or header', async () => {
    const bytes = fixture('float32-1');
    for (let length = 0; length < bytes.length; length++) {
      expect(await refusal(bytes.subarray(0, length))).toMatchObject({ code: 'FormatInvalid' });
    }
    expect(await refusal(Buffer.concat([bytes, Buffer.alloc(1)]))).toMatchObject({
      message: expect.stringMatching(/needs 24 bytes, got 25/),
    });
    const changed = (from: string, to: string) => Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');
    expect(await refusal(changed('(2, 3), }          ', '(2, 3999999999), } '))).toMatchObject({
      code: 'FormatInvalid',
    });
    expect(await refusal(changed("'<f4'", '"<f4"'))).toMatchObject({
      message: expect.stringMatching(/must be a dict/),
    });
    expect(await refusal(Buffer.from('\x93NUMPY\x02\0\xff\xff\xff\xff', 'latin1'))).toMatchObject({
      message: expect.stringMatching(/at most 65536 bytes/),
    });
    expect(await refusal(Buffer.from('\x93NUMPY\x04\0\x01\0\0\0\0', 'latin1'))).toMatchObject({
      message: expect.stringMatching(/version/),
    });
  });

  it('refuses to read values that are not there', async () => {
    const file = await openNpy(inMemory('a.npy', fixture('float32-1')));
    await expect(file.read(5, 2)).rejects.toThrow(/must be among 6/);
    await expect(file.read(-1, 2)).rejects.toThrow(/must be among 6/);
  });
});
