import { maxImageBytes } from '../image-set.ts';
import { formatInvalid } from '../invalid.ts';
import type { RandomAccess, Refuse } from '../source.ts';

/** First word of each part, little-endian. */
export const magic = 0xced7230a;
/** Parts are padded to whole words. */
export const wordBytes = 4;
/** Magic and length. */
export const partHeaderBytes = 8;
/** Low bits of a part's second word: its length. The three bits above say which part it is. */
export const lengthBits = 29;
/** uint32 flag, float32 label, uint64 id, uint64 id2. */
export const imageHeaderBytes = 24;
/** Most bytes of one record, all parts together: an image and its labels. */
export const maxRecordBytes = maxImageBytes + 2 ** 20;

/** Float32, the type of labels, has every whole number up to here. */
export const maxExact = 2 ** 24;

/** Which part of a record a part is. */
export const partKinds = { whole: 0, first: 1, middle: 2, last: 3 } as const;

/** A record of dmlc's RecordIO, its parts joined. */
export interface RawRecord {
  readonly offset: number;
  /** Bytes in the file: all parts, with headers and padding. */
  readonly bytes: number;
  readonly payload: Buffer;
}

export const refuseRecord =
  (file: string): Refuse =>
  (message, offset) =>
    formatInvalid({ format: 'RecordIO', file, offset, message });

/** The record that starts at a byte. @throws CemiflowError `FormatInvalid` */
export const readRecord = async (file: RandomAccess, offset: number): Promise<RawRecord> => {
  const refuse = refuseRecord(file.path);
  const parts: Buffer[] = [];
  for (let at = offset; ; ) {
    const { kind, length, start, end } = await readPartHeader(file, at, refuse);
    const opens = kind === partKinds.whole || kind === partKinds.first;
    if (opens !== (at === offset)) {
      throw refuse(opens ? 'a record must end before the next begins' : 'a record must begin with its first part', at);
    }
    if (end - offset > maxRecordBytes) throw refuse(`a record must have at most ${maxRecordBytes} bytes`, offset);
    if (parts.length > 0) parts.push(magicBytes);
    // Copied, because the next read may replace the memory behind it.
    parts.push(Buffer.from(await file.read(start, length)));
    at = end;
    if (kind === partKinds.whole || kind === partKinds.last) {
      return { offset, bytes: at - offset, payload: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts) };
    }
  }
};

/** The bytes that writers cut out between two parts. */
const magicBytes = Buffer.from([0x0a, 0x23, 0xd7, 0xce]);

interface PartHeader {
  readonly kind: number;
  readonly length: number;
  readonly start: number;
  readonly end: number;
}

const readPartHeader = async (file: RandomAccess, at: number, refuse: Refuse): Promise<PartHeader> => {
  const start = at + partHeaderBytes;
  if (start > file.bytes) throw refuse(`the file ends at byte ${file.bytes}, inside a record`, at);
  const header = await file.read(at, partHeaderBytes);
  const found = header.readUInt32LE(0);
  if (found !== magic) throw refuse(`a record must begin with ${hex(magic)}, got ${hex(found)}`, at);
  const word = header.readUInt32LE(4);
  const kind = word >>> lengthBits;
  const length = word & (2 ** lengthBits - 1);
  const end = start + Math.ceil(length / wordBytes) * wordBytes;
  if (kind > partKinds.last) throw refuse(`a part must be whole, first, middle or last (0 to 3), got ${kind}`, at);
  if (end > file.bytes) throw refuse(`a part of ${length} bytes must fit into the file of ${file.bytes}`, at);
  return { kind, length, start, end };
};

const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`;

/** A record as MXNet's `recordio.pack` writes it. */
export interface ImageRecord {
  /** Number of labels before the image; 0: the label of the header counts. */
  readonly flag: number;
  /** The first label. */
  readonly label: number;
  readonly id: number;
  /** Empty in records that describe the pack. */
  readonly image: Buffer;
}

/** Takes a payload apart. @returns a string that says what is wrong with it, if it is no image record */
export const parseImageRecord = (payload: Buffer): ImageRecord | string => {
  if (payload.length < imageHeaderBytes)
    return `has ${payload.length} bytes, fewer than a header of ${imageHeaderBytes}`;
  const flag = payload.readUInt32LE(0);
  const imageStart = imageHeaderBytes + 4 * flag;
  if (imageStart > payload.length) return `names ${flag} labels, but has only ${payload.length} bytes`;
  const label = payload.readFloatLE(flag > 0 ? imageHeaderBytes : 4);
  return { flag, label, id: Number(payload.readBigUInt64LE(8)), image: payload.subarray(imageStart) };
};

/** Whether a record is InsightFace's own: its header (key 0) or the range of an identity. They have two labels and no image. */
export const describesPack = ({ flag, image }: ImageRecord): boolean => flag === 2 && image.length === 0;
