import { CemiflowError, type JsonObject } from '../core/errors.ts';

/** One regular file in a tar archive. */
export interface TarEntry {
  /** ASCII, relative, without `.` or `..`, at most 100 bytes. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Bytes of a block: headers take one, files as many as they need. */
export const tarBlock = 512;
const block = tarBlock;

/** Two empty blocks, which every archive ends with. */
export const tarEnd = Buffer.alloc(2 * block);

/** Bytes that a file of `size` bytes takes in an archive, without `tarEnd`. */
export const tarEntrySize = (size: number): number => block + Math.ceil(size / block) * block;

/**
 * One file as POSIX ustar (IEEE Std 1003.1, pax, "ustar Interchange Format"): mode 0644, owner 0, time 0, so that equal
 * files give equal bytes. An archive is its entries followed by `tarEnd`.
 */
export const encodeTarEntry = ({ path, bytes }: TarEntry): Buffer => {
  if (!isPlainPath(path)) throw invalid(`path must be plain, relative and at most 100 bytes, got ${path}`, { path });
  const entry = Buffer.alloc(tarEntrySize(bytes.length));
  entry.write(path, 0, 'latin1');
  entry.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, 'latin1');
  entry.write(`${octal(bytes.length, 11)}\0${octal(0, 11)}\0`, 124, 'latin1');
  entry.write('0', 156, 'latin1');
  entry.write('ustar\x0000', 257, 'latin1');
  entry.write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 329, 'latin1');
  entry.write(`${octal(tarChecksum(entry), 6)}\0 `, 148, 'latin1');
  entry.set(bytes, block);
  return entry;
};

export const encodeTar = (entries: readonly TarEntry[]): Buffer =>
  Buffer.concat([...entries.map(encodeTarEntry), tarEnd]);

/**
 * Files of an untrusted archive, as views into it. Links, folders, devices and extended headers are refused: no archive that we
 * read needs them, and each has been used to escape from an archive.
 *
 * @throws CemiflowError `TarInvalid`
 */
export const decodeTar = (archive: Uint8Array, limits: { maxEntries?: number } = {}): TarEntry[] => {
  const maxEntries = limits.maxEntries ?? 1_000_000;
  const buffer = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const entries: TarEntry[] = [];
  const seen = new Set<string>();
  let offset = 0;
  for (;;) {
    const header = buffer.subarray(offset, offset + block);
    if (header.length < block) throw invalid(`archive ends at byte ${buffer.length} without its end mark`, { offset });
    if (header.every((byte) => byte === 0)) return entries;
    const entry = decodeEntry(buffer, header, offset);
    if (seen.has(entry.path)) throw invalid(`${entry.path} is there twice`, { path: entry.path });
    if (entries.length === maxEntries) throw invalid(`more than ${maxEntries} files`, { maxEntries });
    seen.add(entry.path);
    entries.push(entry);
    offset += tarEntrySize(entry.bytes.length);
  }
};

const decodeEntry = (buffer: Buffer, header: Buffer, offset: number): TarEntry => {
  const claimed = Number.parseInt(tarField(header, 148, 8), 8);
  if (claimed !== tarChecksum(header)) throw invalid(`header at byte ${offset} does not have its checksum`, { offset });
  const prefix = tarField(header, 257, 5) === 'ustar' ? tarField(header, 345, 155) : '';
  const path = (prefix && `${prefix}/`) + tarField(header, 0, 100);
  const type = tarField(header, 156, 1);
  if (type !== '' && type !== '0') throw invalid(`${path} must be a regular file, got type ${type}`, { path, type });
  if (!isPlainPath(path)) throw invalid(`path must be plain, relative and at most 100 bytes, got ${path}`, { path });
  const digits = tarField(header, 124, 12).trim();
  const size = /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  const start = offset + block;
  if (!(start + size <= buffer.length)) throw invalid(`${path} is cut off`, { path, offset });
  return { path, bytes: buffer.subarray(start, start + size) };
};

/** Sum of a header's bytes, the checksum's own field counted as spaces. */
export const tarChecksum = (header: Buffer): number => {
  let sum = 8 * 0x20;
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i] as number;
  return sum;
};

/** Text of a header's field, up to its first NUL. */
export const tarField = (header: Buffer, from: number, length: number): string => {
  const text = header.toString('latin1', from, from + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
};

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');

const isPlainPath = (path: string): boolean =>
  path.length <= 100 && /^[\x21-\x7e]+$/.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));

const invalid = (message: string, data: JsonObject): CemiflowError =>
  new CemiflowError('TarInvalid', `tar: ${message}`, {
    remedy: 'pack the files again as plain ustar: regular files only, such as tar --format=ustar makes',
    data,
  });
