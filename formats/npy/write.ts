import { CemiflowError } from '../../core/errors.ts';
import { type NpyArray, type NpyDtype, npyDtypes, npyMagic } from './dtype.ts';

/** The data starts at a multiple of this, as numpy writes it. */
const alignment = 64;
/** Magic, version, length of the header. */
const startBytes = 10;

/**
 * The bytes of a `.npy` file (version 1.0, C order) piece by piece, as the values come: no array has to fit into memory.
 *
 * @param shape sizes of the axes; they say how many values must come
 * @param chunks values, row-major, cut anywhere
 * @throws CemiflowError `NpyInvalid` where the values are of another dtype or count
 */
export async function* encodeNpy(
  { dtype, shape }: { dtype: NpyDtype; shape: readonly number[] },
  chunks: AsyncIterable<NpyArray> | Iterable<NpyArray>,
): AsyncGenerator<Buffer> {
  const expected = shape.reduce((product, size) => product * size, 1);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || !Number.isSafeInteger(expected)) {
    throw invalid(`a shape must hold whole numbers, got [${shape}]`);
  }
  yield header(dtype, shape);
  let count = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof npyDtypes[dtype].array))
      throw invalid(`values must be ${dtype}, got a ${chunk.constructor.name}`);
    count += chunk.length;
    if (count > expected) break;
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  if (count !== expected) throw invalid(`shape [${shape}] needs ${expected} values, got ${count} or more`);
}

const header = (dtype: NpyDtype, shape: readonly number[]): Buffer => {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${npyDtypes[dtype].descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((startBytes + text.length + 1) / alignment) * alignment - startBytes;
  const start = Buffer.concat([npyMagic, Buffer.from([1, 0, 0, 0])]);
  start.writeUInt16LE(length, 8);
  return Buffer.concat([start, Buffer.from(`${text.padEnd(length - 1)}\n`)]);
};

const invalid = (message: string): CemiflowError =>
  new CemiflowError('NpyInvalid', `npy: ${message}`, {
    remedy: 'give the values of the shape and dtype that are written',
  });
