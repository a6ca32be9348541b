import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a hand-made archive: what the headers say may differ from what is there. */
export interface MadeEntry {
  readonly path: string;
  readonly bytes?: Buffer;
  readonly deflated?: boolean;
  /** As the directory has it. */
  readonly size?: number;
  readonly crc?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly mode?: number;
  readonly disk?: number;
  readonly offset?: number;
  readonly extra?: Buffer;
  /** As the local header has it. */
  readonly local?: {
    readonly path?: string;
    readonly size?: number;
    readonly crc?: number;
    readonly extraBytes?: number;
  };
}

/** A zip archive whose headers say what a test wants them to say. */
export const zipBytes = (
  entries: readonly MadeEntry[],
  end: { entries?: number; size?: number; start?: number; disk?: number; comment?: Buffer } = {},
): Buffer => {
  const files: Buffer[] = [];
  const records: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const file = localFile(entry);
    records.push(recordOf(entry, at));
    files.push(file);
    at += file.length;
  }
  const size = records.reduce((sum, record) => sum + record.length, 0);
  const tail = Buffer.alloc(22);
  tail.writeUInt32LE(0x06054b50, 0);
  tail.writeUInt16LE(end.disk ?? 0, 4);
  tail.writeUInt16LE(end.entries ?? entries.length, 8);
  tail.writeUInt16LE(end.entries ?? entries.length, 10);
  tail.writeUInt32LE(end.size ?? size, 12);
  tail.writeUInt32LE(end.start ?? at, 16);
  const comment = end.comment ?? Buffer.alloc(0);
  tail.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...files, ...records, tail, comment]);
};

const packed = ({ bytes = Buffer.from('x'), deflated }: MadeEntry): Buffer =>
  deflated ? deflateRawSync(bytes) : bytes;

const fields = (entry: MadeEntry): { crc: number; packed: number; size: number; method: number; flags: number } => {
  const bytes = entry.bytes ?? Buffer.from('x');
  return {
    crc: entry.crc ?? crc32(bytes),
    packed: packed(entry).length,
    size: entry.size ?? bytes.length,
    method: entry.method ?? (entry.deflated ? 8 : 0),
    flags: entry.flags ?? 0,
  };
};

const localFile = (entry: MadeEntry): Buffer => {
  const { crc, packed: packedBytes, size, method, flags } = fields(entry);
  const path = Buffer.from(entry.local?.path ?? entry.path);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(method, 8);
  head.writeUInt32LE(entry.local?.crc ?? crc, 14);
  head.writeUInt32LE(packedBytes, 18);
  head.writeUInt32LE(entry.local?.size ?? size, 22);
  head.writeUInt16LE(path.length, 26);
  head.writeUInt16LE(entry.local?.extraBytes ?? 0, 28);
  return Buffer.concat([head, path, packed(entry)]);
};

const recordOf = (entry: MadeEntry, at: number): Buffer => {
  const { crc, packed: packedBytes, size, method, flags } = fields(entry);
  const path = Buffer.from(entry.path, 'latin1');
  const extra = entry.extra ?? Buffer.alloc(0);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt8(3, 5);
  head.writeUInt16LE(flags, 8);
  head.writeUInt16LE(method, 10);
  head.writeUInt32LE(crc, 16);
  head.writeUInt32LE(packedBytes, 20);
  head.writeUInt32LE(size, 24);
  head.writeUInt16LE(path.length, 28);
  head.writeUInt16LE(extra.length, 30);
  head.writeUInt16LE(entry.disk ?? 0, 34);
  head.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  head.writeUInt32LE(entry.offset ?? at, 42);
  return Buffer.concat([head, path, extra]);
};
