import { formatInvalid } from '../invalid.ts';
import type { RandomAccess, Refuse } from '../source.ts';
import { type NpyArray, type NpyDtype, npyDtypes, npyMagic } from './dtype.ts';

/** An array on disk. Its values are read when they are asked for. */
export interface NpyFile {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  /** Values `from` to `from + count`, row-major, in new memory. @throws CemiflowError `FormatInvalid` where they are not in the file */
  read(from: number, count: number): Promise<NpyArray>;
}

const maxHeaderBytes = 2 ** 16;
/** numpy's own limit. */
const maxAxes = 64;
/** Most bytes of one read. */
const maxReadBytes = 2 ** 31;

/**
 * Opens a `.npy` file of any origin, versions 1 to 3.
 *
 * @throws CemiflowError `FormatInvalid` for Fortran order, for dtypes other than little-endian float32, int32, int64 and uint8 (objects
 * are pickles), and where the file's size is not that of its array
 */
export const openNpy = async (file: RandomAccess): Promise<NpyFile> => {
  const refuse: Refuse = (message, offset) =>
    formatInvalid({
      format: 'npy',
      file: file.path,
      offset,
      message,
      remedy: 'save it again: numpy.save(path, numpy.ascontiguousarray(array, "<f4"), allow_pickle=False)',
    });
  const { text, end } = await readHeader(file, refuse);
  const { dtype, shape } = parseHeader(text, refuse);
  const { bytes, array } = npyDtypes[dtype];
  const values = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (values * bytes !== file.bytes - end) {
    throw refuse(`shape [${shape}] of ${dtype} needs ${values * bytes} bytes, got ${file.bytes - end}`, end);
  }
  return {
    dtype,
    shape,
    read: async (from, count) => {
      if (!(from >= 0 && count >= 0 && from + count <= values) || count * bytes > maxReadBytes) {
        throw refuse(
          `values ${from} to ${from + count} must be among ${values}, and at most ${maxReadBytes} bytes`,
          end,
        );
      }
      const data = await file.read(end + from * bytes, count * bytes);
      return new array(new Uint8Array(data).buffer);
    },
  };
};

const readHeader = async (file: RandomAccess, refuse: Refuse): Promise<{ text: string; end: number }> => {
  const start = await file.read(0, Math.min(12, file.bytes));
  if (start.length < 12 || !start.subarray(0, 6).equals(npyMagic))
    throw refuse('the file must start with \\x93NUMPY', 0);
  const version = start[6] as number;
  if (version < 1 || version > 3 || start[7] !== 0) throw refuse('the version must be 1.0, 2.0 or 3.0', 6);
  const from = version === 1 ? 10 : 12;
  const length = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (length > maxHeaderBytes) throw refuse(`a header must be at most ${maxHeaderBytes} bytes, got ${length}`, 8);
  if (from + length > file.bytes) throw refuse('the header is cut off', 8);
  return { text: (await file.read(from, length)).toString('latin1'), end: from + length };
};

/** A dict of Python with three keys, as numpy writes it; nothing of it is evaluated. */
const parseHeader = (text: string, refuse: Refuse): { dtype: NpyDtype; shape: number[] } => {
  const [, descr, fortran, tuple] =
    /^\{'descr': '([^']{1,16})', 'fortran_order': (True|False), 'shape': \(([\dL, ]*)\),? ?\}[ \0]*\n?$/.exec(text) ??
    [];
  if (descr === undefined || tuple === undefined) {
    throw refuse('the header must be a dict of descr, fortran_order and shape', npyMagic.length);
  }
  const dtype = (Object.keys(npyDtypes) as NpyDtype[]).find((name) => npyDtypes[name].descr === descr);
  if (!dtype) throw refuse(`the dtype must be <f4, <i4, <i8 or |u1, got ${JSON.stringify(descr)}`, npyMagic.length);
  const sizes = tuple.replace(/,\s*$/, '').split(',');
  const shape =
    tuple.trim() === '' ? [] : sizes.map((size) => (/^ *\d+L? *$/.test(size) ? Number.parseInt(size, 10) : -1));
  if (shape.length > maxAxes || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw refuse('the shape must hold at most 64 whole numbers', npyMagic.length);
  }
  if (fortran === 'True' && shape.length > 1) throw refuse('the order must be C, got Fortran', npyMagic.length);
  return { dtype, shape };
};
