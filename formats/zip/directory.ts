import { formatInvalid } from '../invalid.ts';
import { safePath } from '../paths.ts';
import type { RandomAccess, Refuse } from '../source.ts';
import { readAhead } from '../window.ts';
import { type DirectoryPlace, findDirectory } from './end.ts';

/** One file in a zip archive. */
export interface ZipEntry {
  /** Relative, with `/` between folders, without `.` or `..`. */
  readonly path: string;
  /** Bytes once unpacked. */
  readonly size: number;
  /** Bytes in the archive. */
  readonly packed: number;
  readonly deflated: boolean;
  readonly crc32: number;
  /** Byte of the archive at which its local header starts. */
  readonly offset: number;
  /** Byte of the archive at which its record in the directory starts. */
  readonly record: number;
}

/** Most entries of an archive; DigiFace-1M's largest has 166,665. */
const maxEntries = 2_000_000;
/** Most times that an entry may grow once it is over 1 MiB; images hardly grow at all, zip bombs a thousandfold. */
const maxRatio = 200;
const ratioFloorBytes = 2 ** 20;

const recordBytes = 46;
const encryptedFlags = 0x2061;
const ones32 = 0xffff_ffff;

export const refuse =
  (file: Pick<RandomAccess, 'path'>): Refuse =>
  (message, offset) =>
    formatInvalid({
      format: 'zip',
      file: file.path,
      offset,
      message,
      remedy: 'fetch the archive again, or pack the files again without encryption, links and paths that lead out',
    });

/**
 * Files of the archive in the order of its directory; folders are passed over. One record at a time is in memory.
 *
 * @throws CemiflowError `FormatInvalid`
 */
export async function* readDirectory(file: RandomAccess): AsyncGenerator<ZipEntry> {
  const fail = refuse(file);
  const directory = await findDirectory(file, fail);
  if (directory.entries > maxEntries) {
    throw fail(`at most ${maxEntries} entries are read, got ${directory.entries}`, directory.start);
  }
  const records = readAhead(file, 2 ** 20);
  let at = directory.start;
  for (let index = 0; index < directory.entries; index++) {
    const { entry, next } = await readRecord(records, at, directory, fail);
    if (entry) yield entry;
    at = next;
  }
  if (at !== directory.end) throw fail(`the directory must end at byte ${directory.end}`, at);
}

/**
 * The entry whose record starts at byte `at`.
 *
 * @returns `entry`: undefined for a folder; `next`: byte after the record
 */
export const readRecord = async (
  file: RandomAccess,
  at: number,
  { end }: Pick<DirectoryPlace, 'end'>,
  fail: Refuse,
): Promise<{ entry?: ZipEntry; next: number }> => {
  if (at + recordBytes > end) throw fail('the directory ends within a record', at);
  const head = await file.read(at, recordBytes);
  if (head.readUInt32LE(0) !== 0x02014b50) throw fail('a record of the directory must start with PK\\1\\2', at);
  const [pathBytes, extraBytes, commentBytes] = [head.readUInt16LE(28), head.readUInt16LE(30), head.readUInt16LE(32)];
  const next = at + recordBytes + pathBytes + extraBytes + commentBytes;
  if (next > end) throw fail('the directory ends within a record', at);
  const text = await file.read(at + recordBytes, pathBytes + extraBytes);
  const written = decodePath(text.subarray(0, pathBytes), () => fail('paths must be UTF-8', at));
  const folder = written.endsWith('/');
  const path = safePath(folder ? written.slice(0, -1) : written);
  if (path === undefined)
    throw fail(`paths must be relative and lead nowhere else, got ${JSON.stringify(written)}`, at);
  refuseKind(head, path, (message) => fail(message, at));
  const sizes = wideSizes(head, text.subarray(pathBytes), (message) => fail(`${path}: ${message}`, at));
  if (folder) {
    if (sizes.size !== 0) throw fail(`${path} is a folder and must be empty`, at);
    return { next };
  }
  const deflated = head.readUInt16LE(10) === 8;
  const entry = { path, ...sizes, deflated, crc32: head.readUInt32LE(16), record: at };
  refuseSizes(entry, (message) => fail(`${path}: ${message}`, at));
  return { entry, next };
};

const refuseKind = (head: Buffer, path: string, fail: (message: string) => Error): void => {
  if (head.readUInt16LE(8) & encryptedFlags) throw fail(`${path} is encrypted or a patch, which is not read`);
  const method = head.readUInt16LE(10);
  if (method !== 0 && method !== 8) throw fail(`${path} must be stored or deflated, got method ${method}`);
  if (head.readUInt16LE(34) !== 0) throw fail(`${path} lies on another disk of a split archive`);
  // Archives of Unix (3) and macOS (19) have the file's mode in the upper half of the external attributes.
  const kind = [3, 19].includes(head.readUInt8(5)) ? (head.readUInt32LE(38) >>> 28) & 0xf : 0;
  if (![0, 4, 8].includes(kind)) throw fail(`${path} must be a file or a folder, got a link or a device`);
};

/** Sizes and offset of a record; those that do not fit into 32 bits stand in the extra field 1, in this order. */
const wideSizes = (
  head: Buffer,
  extra: Buffer,
  fail: (message: string) => Error,
): { size: number; packed: number; offset: number } => {
  const wide = zip64Field(extra, fail);
  let used = 0;
  const value = (narrow: number): number => {
    if (narrow !== ones32) return narrow;
    used += 8;
    if (used > wide.length) throw fail('a zip64 size is missing');
    return wideNumber(wide, used - 8, fail);
  };
  const size = value(head.readUInt32LE(24));
  const packed = value(head.readUInt32LE(20));
  return { size, packed, offset: value(head.readUInt32LE(42)) };
};

/** Data of the extra field with the zip64 sizes; empty where there is none. */
export const zip64Field = (extra: Buffer, fail: (message: string) => Error): Buffer => {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (at + 4 + length > extra.length) throw fail('an extra field is cut off');
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return Buffer.alloc(0);
};

export const wideNumber = (bytes: Buffer, at: number, fail: (message: string) => Error): number => {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw fail(`a size is over 2^53, got ${value}`);
  return Number(value);
};

const refuseSizes = (entry: ZipEntry, fail: (message: string) => Error): void => {
  const { size, packed, deflated, offset, record } = entry;
  if (offset + packed > record) throw fail('the file must lie before the directory');
  if (!deflated && size !== packed) throw fail(`a stored file of ${size} bytes takes ${packed}`);
  if (size > ratioFloorBytes && size > maxRatio * packed) {
    throw fail(`files may grow ${maxRatio} times, got ${packed} bytes that grow to ${size}`);
  }
};

const decodePath = (bytes: Buffer, fail: () => Error): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail();
  }
};
