import { type Database, refuseLmdb } from './database.ts';
import { nodeFlags, nodeHeaderBytes, pageFlags, pageHeaderBytes } from './layout.ts';

/** A branch or leaf page whose nodes all lie within it. */
export interface Page {
  readonly number: number;
  readonly leaf: boolean;
  readonly bytes: Buffer;
  /** Offsets of the nodes in `bytes`, sorted by key. */
  readonly nodes: Uint16Array;
}

/** Where a value lies in the file. */
export interface Value {
  /** First byte to read: of the value, or of the overflow page whose header must be checked. */
  readonly from: number;
  readonly bytes: number;
  /** Page of a value that lies outside its leaf. */
  readonly overflow?: number;
}

/** @throws CemiflowError `FormatInvalid` where page or nodes reach beyond their bounds */
export const readPage = async (db: Database, number: number): Promise<Page> => {
  const { file, pageBytes } = db;
  const start = number * pageBytes;
  const bytes = Buffer.from(await file.read(start, pageBytes));
  const refuse = (message: string, at: number) => refuseLmdb(file, message, start + at);
  const named = bytes.readBigUInt64LE(0);
  if (named !== BigInt(number)) throw refuse(`page ${number} must carry its number, got ${named}`, 0);
  const kind = bytes.readUInt16LE(10);
  const leaf = (kind & pageFlags.leaf) !== 0;
  const isPlain = (kind & (pageFlags.overflow | pageFlags.meta | pageFlags.fixedSize)) === 0;
  if (!isPlain || leaf === ((kind & pageFlags.branch) !== 0)) {
    throw refuse(`page ${number} must be a branch or a leaf, got flags 0x${kind.toString(16)}`, 10);
  }
  const lower = bytes.readUInt16LE(12);
  const upper = bytes.readUInt16LE(14);
  if (lower < pageHeaderBytes || lower > upper || upper > pageBytes) {
    throw refuse(`the free space of page ${number} must lie within it, got ${lower} to ${upper}`, 12);
  }
  const nodes = new Uint16Array((lower - pageHeaderBytes) >> 1);
  for (let i = 0; i < nodes.length; i++) {
    const at = bytes.readUInt16LE(pageHeaderBytes + 2 * i);
    if (at < upper || at + nodeHeaderBytes > pageBytes || nodeEnd(bytes, at, leaf) > pageBytes) {
      throw refuse(`node ${i} of page ${number} must lie within it`, pageHeaderBytes + 2 * i);
    }
    nodes[i] = at;
  }
  return { number, leaf, bytes, nodes };
};

const nodeEnd = (page: Buffer, at: number, leaf: boolean): number => {
  const keyEnd = at + nodeHeaderBytes + page.readUInt16LE(at + 6);
  if (!leaf) return keyEnd;
  return keyEnd + (page.readUInt16LE(at + 4) & nodeFlags.overflow ? 8 : page.readUInt32LE(at));
};

export const keyOf = ({ bytes, nodes }: Page, i: number): Buffer => {
  const at = nodes[i] as number;
  return bytes.subarray(at + nodeHeaderBytes, at + nodeHeaderBytes + bytes.readUInt16LE(at + 6));
};

/** Page below a node of a branch. */
export const childOf = ({ bytes, nodes }: Page, i: number): number => bytes.readUIntLE(nodes[i] as number, 6);

export const nodeFlagsOf = ({ bytes, nodes }: Page, i: number): number => bytes.readUInt16LE((nodes[i] as number) + 4);

/** Where the value of a leaf's node lies. @throws CemiflowError `FormatInvalid` where it reaches beyond the file */
export const locateValue = ({ file, pageBytes, pages }: Database, page: Page, i: number): Value => {
  const at = page.nodes[i] as number;
  const bytes = page.bytes.readUInt32LE(at);
  const valueAt = at + nodeHeaderBytes + page.bytes.readUInt16LE(at + 6);
  const from = page.number * pageBytes + valueAt;
  if ((nodeFlagsOf(page, i) & nodeFlags.overflow) === 0) return { from, bytes };
  const overflow = Number(page.bytes.readBigUInt64LE(valueAt));
  if (overflow < 2 || overflow + overflowPages(bytes, pageBytes) > pages) {
    throw refuseLmdb(
      file,
      `a value of ${bytes} bytes on page ${overflow} must lie within the file of ${pages} pages`,
      from,
    );
  }
  return { from: overflow * pageBytes, bytes, overflow };
};

/** Pages that a value takes outside its leaf. */
export const overflowPages = (bytes: number, pageBytes: number): number =>
  Math.ceil((pageHeaderBytes + bytes) / pageBytes);

/** Bytes of a value, from what was read at `from`. @throws CemiflowError `FormatInvalid` where they lie on no overflow page */
export const openValue = ({ file }: Database, { from, bytes, overflow }: Value, read: Buffer): Buffer => {
  if (overflow === undefined) return read.subarray(0, bytes);
  if (read.readBigUInt64LE(0) !== BigInt(overflow) || (read.readUInt16LE(10) & pageFlags.overflow) === 0) {
    throw refuseLmdb(file, `page ${overflow} must be an overflow page`, from);
  }
  return read.subarray(pageHeaderBytes, pageHeaderBytes + bytes);
};

/** Bytes to read for a value. */
export const spanOf = ({ bytes, overflow }: Value): number => (overflow === undefined ? 0 : pageHeaderBytes) + bytes;
