import { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import { listSafetensors, type SafeEntry, safetensorsStart } from '../safetensors.ts';
import type { RandomAccess } from '../source.ts';
import { readFloats, type TensorFile } from './tensor-file.ts';

const format = 'safetensors';

/** Longest header that is read: that of a hundred thousand tensors. The format itself allows 100 MB. */
const maxHeaderBytes = 16 * 2 ** 20;

/** Opens a safetensors file of any origin: only its header is read. @throws CemiflowError `FormatInvalid` */
export const openSafetensors = async (file: RandomAccess): Promise<TensorFile> => {
  const refuse = (message: string, offset: number, cause?: unknown): CemiflowError =>
    formatInvalid({ format, file: file.path, offset, message, cause });
  if (file.bytes < 8) throw refuse(`a file must have at least 8 bytes, got ${file.bytes}`, 0);
  let start: number;
  let entries: SafeEntry[];
  try {
    start = safetensorsStart(await file.read(0, 8), file.bytes);
    if (start > maxHeaderBytes)
      throw refuse(`the header must have at most ${maxHeaderBytes} bytes, got ${start - 8}`, 0);
    entries = listSafetensors(await file.read(0, start), file.bytes);
  } catch (error) {
    if (error instanceof CemiflowError && error.code.startsWith('Safetensors')) throw refuse(error.message, 8, error);
    throw error;
  }
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    format,
    tensors: entries.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    values: async (name) => {
      const entry = byName.get(name);
      if (!entry) throw refuse(`there is no tensor ${name}`, 8);
      return readFloats(format, file, entry, start + entry.begin);
    },
    setting: () => undefined,
  };
};
