import { formatInvalid } from '../invalid.ts';
import { maxPathBytes, safePath } from '../paths.ts';
import type { RandomAccess } from '../source.ts';
import { tarBlock as block, tarChecksum, tarField } from '../tar.ts';
import { decodeName, type Extended, readPax } from './pax.ts';

/** A regular file in a tar archive. */
export interface ScannedFile {
  /** Relative, with `/` between folders, without `.` or `..`. */
  readonly path: string;
  /** Byte at which the file's bytes start. */
  readonly offset: number;
  readonly bytes: number;
}

/** Most headers of an archive, extended ones included. */
const maxHeaders = 8_000_000;
/** Most bytes of an extended header: a path and some attributes. */
const maxExtendedBytes = 64 * 2 ** 10;
/** Most bytes after the end mark. `tar -b` pads archives to whole records, of 10 KiB as a rule. */
const maxPaddingBytes = 2 ** 20;

/**
 * Regular files of an untrusted archive, in its order: ustar, GNU (long names, sizes over 8 GiB) and pax. Only headers are read.
 * Folders are passed over.
 *
 * @throws CemiflowError `FormatInvalid` for links, devices, sparse files, paths that lead out, headers without their checksum, and
 * archives without their end mark
 */
export async function* scanTar(file: RandomAccess): AsyncGenerator<ScannedFile> {
  let extended: Extended | undefined;
  let at = 0;
  for (let headers = 0; ; headers++) {
    const fail = refuseAt(file, at);
    if (headers === maxHeaders) throw fail(`at most ${maxHeaders} headers are read`);
    if (at + block > file.bytes) throw fail('the archive ends without its end mark: it is cut off');
    const header = Buffer.from(await file.read(at, block));
    if (header.every((byte) => byte === 0)) {
      if (extended) throw fail('an extended header is followed by no file');
      return checkEnd(file, at);
    }
    if (parseOctal(header, 148, 8) !== tarChecksum(header)) throw fail('a header must have its checksum');
    const type = tarField(header, 156, 1) || '0';
    const bytes = extended?.size ?? sizeOf(header, fail);
    const offset = at + block;
    const next = offset + Math.ceil(bytes / block) * block;
    if (offset + bytes > file.bytes) throw fail(`the file of ${bytes} bytes is cut off`);
    if ('gxLK'.includes(type)) {
      if (bytes > maxExtendedBytes)
        throw fail(`extended headers of at most ${maxExtendedBytes} bytes are read, got ${bytes}`);
      if (extended?.size !== undefined) throw fail('an extended header must be followed by its file');
      extended = extend(type, await file.read(offset, bytes), extended, fail);
    } else {
      const path = pathOf(header, extended, type, fail);
      if (path !== undefined) yield { path, offset, bytes };
      else if (bytes !== 0) throw fail('a folder must be empty');
      extended = undefined;
    }
    at = next;
  }
}

/** Makes the error of one byte of an archive. */
export const refuseAt =
  ({ path }: Pick<RandomAccess, 'path'>, offset: number) =>
  (message: string): Error =>
    formatInvalid({
      format: 'tar',
      file: path,
      offset,
      message,
      remedy: 'fetch the archive again, or pack the files again: tar --sort=name -cf SHARD.tar FOLDER',
    });

const extend = (
  type: string,
  bytes: Buffer,
  so: Extended | undefined,
  fail: (message: string) => Error,
): Extended | undefined => {
  if (type === 'L') {
    const end = bytes.indexOf(0);
    return { path: decodeName(end < 0 ? bytes : bytes.subarray(0, end), fail), ...so };
  }
  // K is the long target of a link, which is refused when it comes.
  if (type === 'K') return so;
  const found = readPax(bytes, fail);
  if (type === 'x') return { ...so, ...found };
  // A global header stands for all files that follow: comments do, names and sizes cannot.
  if (found.path !== undefined || found.size !== undefined) throw fail('a global header must not have path or size');
  return so;
};

/** @returns undefined for a folder */
const pathOf = (
  header: Buffer,
  extended: Extended | undefined,
  type: string,
  fail: (message: string) => Error,
): string | undefined => {
  const written = extended?.path ?? headerPath(header, fail);
  const folder = type === '5' || written.endsWith('/');
  const bare = written.replace(/\/+$/, '');
  if (folder && (bare === '.' || bare === '')) {
    if (written.startsWith('/')) throw fail(`paths must be relative, got ${JSON.stringify(written)}`);
    return undefined;
  }
  const path = safePath(folder ? bare : written);
  if (path === undefined) {
    throw fail(
      `paths must be relative, lead nowhere else and have at most ${maxPathBytes} bytes, got ${JSON.stringify(written.slice(0, 200))}`,
    );
  }
  // 7 is a contiguous file, which no system makes other than a regular one.
  if (!['0', '5', '7'].includes(type))
    throw fail(`${path} must be a file or a folder, got type ${JSON.stringify(type)}`);
  return folder ? undefined : path;
};

const headerPath = (header: Buffer, fail: (message: string) => Error): string => {
  // GNU's magic is `ustar  `: its bytes 345 on hold times, not the start of the path.
  const ustar = header.toString('latin1', 257, 263) === 'ustar\0';
  const text = (from: number, length: number): string => {
    const bytes = header.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return decodeName(end < 0 ? bytes : bytes.subarray(0, end), fail);
  };
  const prefix = ustar ? text(345, 155) : '';
  return (prefix && `${prefix}/`) + text(0, 100);
};

const sizeOf = (header: Buffer, fail: (message: string) => Error): number => {
  // GNU writes sizes over 8 GiB as a binary number whose first bit is set.
  const size =
    header[124] === 0x80
      ? Number(header.readBigUInt64BE(128)) + header.readUIntBE(125, 3) * 2 ** 64
      : parseOctal(header, 124, 12);
  if (!Number.isSafeInteger(size)) throw fail('a size must be an octal number');
  return size;
};

const parseOctal = (header: Buffer, from: number, length: number): number => {
  const digits = tarField(header, from, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
};

/** Archives that were concatenated would lose all but the first without this. */
const checkEnd = async (file: RandomAccess, at: number): Promise<void> => {
  const rest = file.bytes - at;
  const fail = refuseAt(file, at);
  if (rest > maxPaddingBytes) throw fail(`${rest} bytes follow the end mark: unpack concatenated archives with tar -i`);
  const padding = await file.read(at, rest);
  if (padding.some((byte) => byte !== 0))
    throw fail('more follows the end mark: unpack concatenated archives with tar -i');
};
