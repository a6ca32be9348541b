import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import type { RandomAccess } from '../source.ts';
import { refuse, wideNumber, type ZipEntry, zip64Field } from './directory.ts';

const inflate = promisify(inflateRaw);

const localBytes = 30;
const maxUint32 = 0xffff_ffff;

/**
 * The bytes of a file in an archive: its local header is compared to its record, its CRC-32 to its bytes.
 *
 * @param options `limit`: byte at which the next file starts, or the directory; `maxBytes`: most bytes of the file
 * @throws CemiflowError `FormatInvalid`
 */
export const readEntry = async (
  file: RandomAccess,
  entry: ZipEntry,
  { limit, maxBytes }: { limit: number; maxBytes: number },
): Promise<Buffer> => {
  const fail = (message: string): Error => refuse(file)(`${entry.path}: ${message}`, entry.offset);
  if (entry.size > maxBytes) throw fail(`files of at most ${maxBytes} bytes are read, got ${entry.size}`);
  if (entry.offset + localBytes > limit) throw fail('the local header is cut off');
  const head = await file.read(entry.offset, localBytes);
  if (head.readUInt32LE(0) !== 0x04034b50) throw fail('the local header must start with PK\\3\\4');
  const [pathBytes, extraBytes] = [head.readUInt16LE(26), head.readUInt16LE(28)];
  const start = entry.offset + localBytes + pathBytes + extraBytes;
  if (start + entry.packed > limit) throw fail('the file reaches into what follows it');
  const names = await file.read(entry.offset + localBytes, pathBytes + extraBytes);
  compareHeaders(head, names, entry, fail);
  const packed = await file.read(start, entry.packed);
  const bytes = entry.deflated ? await unpack(packed, entry, fail) : packed;
  const sum = crc32(bytes);
  if (sum !== entry.crc32) throw fail(`CRC-32 must be ${hex(entry.crc32)}, got ${hex(sum)}`);
  return bytes;
};

const hex = (sum: number): string => sum.toString(16).padStart(8, '0');

/** A local header that says other things than the directory would be another file to readers that stream. */
const compareHeaders = (head: Buffer, names: Buffer, entry: ZipEntry, fail: (message: string) => Error): void => {
  const path = names.toString('utf8', 0, head.readUInt16LE(26)).replace(/^(\.\/)+/, '');
  if (path !== entry.path) throw fail(`the local header names it ${JSON.stringify(path)}`);
  if (head.readUInt16LE(8) !== (entry.deflated ? 8 : 0)) throw fail('the local header has another method');
  // With bit 3, sizes and sum stand behind the file; what stands here is zero, or right.
  const later = (head.readUInt16LE(6) & 8) !== 0;
  const wide = zip64Field(names.subarray(head.readUInt16LE(26)), fail);
  const agrees = (narrow: number, wideAt: number, expected: number): boolean => {
    if (narrow === maxUint32 && wide.length >= wideAt + 8) {
      const value = wideNumber(wide, wideAt, fail);
      return value === expected || (later && value === 0);
    }
    return narrow === expected || (later && (narrow === 0 || narrow === maxUint32));
  };
  const [packed, size] = [head.readUInt32LE(18), head.readUInt32LE(22)];
  if (!agrees(packed, 8, entry.packed) || !agrees(size, 0, entry.size)) throw fail('the local header has other sizes');
  const sum = head.readUInt32LE(14);
  if (sum !== entry.crc32 && !(later && sum === 0)) throw fail('the local header has another CRC-32');
};

const unpack = async (packed: Buffer, { size }: ZipEntry, fail: (message: string) => Error): Promise<Buffer> => {
  // `info` tells how many bytes were used: promisified types do not know of it.
  type Unpacked = { buffer: Buffer; engine: { bytesWritten: number } };
  let unpacked: Unpacked;
  try {
    unpacked = (await inflate(packed, { maxOutputLength: Math.max(size, 1), info: true })) as unknown as Unpacked;
  } catch (error) {
    throw fail(`must inflate to ${size} bytes: ${(error as Error).message}`);
  }
  const { buffer, engine } = unpacked;
  if (buffer.length !== size) throw fail(`must inflate to ${size} bytes, got ${buffer.length}`);
  if (engine.bytesWritten !== packed.length) {
    throw fail(`the deflated bytes must end at ${packed.length}, got ${engine.bytesWritten}`);
  }
  return buffer;
};
