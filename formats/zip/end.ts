import type { RandomAccess, Refuse } from '../source.ts';

/** Where the directory of an archive lies. */
export interface DirectoryPlace {
  readonly start: number;
  readonly end: number;
  readonly entries: number;
}

const endBytes = 22;
const locatorBytes = 20;
const wideEndBytes = 56;
const maxCommentBytes = 0xffff;

/**
 * Finds the directory by the record at the archive's end (APPNOTE.TXT 4.3.16), or by the zip64 record before it (4.3.14). Nothing
 * may lie between the directory and these records, or before the archive: readers disagree on what such archives hold.
 */
export const findDirectory = async (file: RandomAccess, fail: Refuse): Promise<DirectoryPlace> => {
  const { end, at } = await findEnd(file, fail);
  const narrow = {
    entries: end.readUInt16LE(10),
    size: end.readUInt32LE(12),
    start: end.readUInt32LE(16),
    disks: end.readUInt32LE(4),
  };
  const wide = await findWideEnd(file, at, fail);
  if (!wide) return checked({ ...narrow, end: at, at }, fail);
  for (const [name, ones] of [
    ['entries', 0xffff],
    ['size', 0xffff_ffff],
    ['start', 0xffff_ffff],
  ] as const) {
    if (narrow[name] !== ones && narrow[name] !== wide[name]) {
      throw fail(`the two end records differ in ${name}: ${narrow[name]} and ${wide[name]}`, at);
    }
  }
  return checked({ ...wide, end: wide.at }, fail);
};

interface EndRecord {
  readonly entries: number;
  readonly size: number;
  readonly start: number;
  readonly disks: number;
  /** Byte of the end record. */
  readonly at: number;
}

const checked = (
  { entries, size, start, disks, end, at }: EndRecord & { end: number },
  fail: Refuse,
): DirectoryPlace => {
  if (disks !== 0) throw fail('the archive is split over several files, which is not read', at);
  if (start + size !== end) {
    throw fail(`the directory must end where the end record starts, got ${start} + ${size} before ${end}`, at);
  }
  // The shortest record has 46 bytes, so this also bounds the entries by the file's length.
  if (entries * 46 > size) throw fail(`a directory of ${size} bytes cannot hold ${entries} entries`, at);
  return { start, end, entries };
};

const findEnd = async (file: RandomAccess, fail: Refuse): Promise<{ end: Buffer; at: number }> => {
  const tailBytes = Math.min(file.bytes, endBytes + maxCommentBytes);
  const tail = await file.read(file.bytes - tailBytes, tailBytes);
  for (let at = tailBytes - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) === 0x06054b50 && at + endBytes + tail.readUInt16LE(at + 20) === tailBytes) {
      return { end: tail.subarray(at), at: file.bytes - tailBytes + at };
    }
  }
  throw fail('the end record of a zip archive is missing: the file is cut off, or is no zip', file.bytes);
};

const findWideEnd = async (file: RandomAccess, endAt: number, fail: Refuse): Promise<EndRecord | undefined> => {
  if (endAt < locatorBytes + wideEndBytes) return undefined;
  const locator = await file.read(endAt - locatorBytes, locatorBytes);
  if (locator.readUInt32LE(0) !== 0x07064b50) return undefined;
  const at = endAt - locatorBytes - wideEndBytes;
  if (locator.readBigUInt64LE(8) !== BigInt(at))
    throw fail(`the zip64 record must lie at byte ${at}`, endAt - locatorBytes);
  const wide = await file.read(at, wideEndBytes);
  if (wide.readUInt32LE(0) !== 0x06064b50) throw fail('the zip64 record must start with PK\\6\\6', at);
  const number = (from: number): number => {
    const value = wide.readBigUInt64LE(from);
    if (value > BigInt(file.bytes))
      throw fail(`the zip64 record has ${value}, which is more than the file has bytes`, at + from);
    return Number(value);
  };
  return {
    entries: number(32),
    size: number(40),
    start: number(48),
    disks: wide.readUInt32LE(16) | wide.readUInt32LE(20),
    at,
  };
};
