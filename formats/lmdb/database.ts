import { formatInvalid } from '../invalid.ts';
import type { RandomAccess } from '../source.ts';
import {
  dbMagic,
  dbVersion,
  maxPageBytes,
  metaBytes,
  metaFields,
  minPageBytes,
  noPage,
  pageFlags,
  treeFields,
  treeFlags,
} from './layout.ts';

/** A database as its newest meta page describes it. */
export interface Database {
  readonly file: RandomAccess;
  readonly pageBytes: number;
  /** Pages that the file has. */
  readonly pages: number;
  /** Page at the top of the main tree; absent where there are no entries. */
  readonly root?: number;
  readonly entries: number;
}

export const refuseLmdb = (file: RandomAccess, message: string, offset: number, remedy?: string) =>
  formatInvalid({ format: 'LMDB', file: file.path, offset, message, ...(remedy === undefined ? {} : { remedy }) });

/** Opens a `data.mdb`. @throws CemiflowError `FormatInvalid` */
export const openDatabase = async (file: RandomAccess): Promise<Database> => {
  const first = await readMeta(file, 0);
  const pageBytes = first.readUInt32LE(metaFields.freeTree);
  if (pageBytes < minPageBytes || pageBytes > maxPageBytes || (pageBytes & (pageBytes - 1)) !== 0) {
    throw refuseLmdb(
      file,
      `pages must have a power of two from ${minPageBytes} to ${maxPageBytes} bytes, got ${pageBytes}`,
      metaFields.freeTree,
    );
  }
  const second = await readMeta(file, pageBytes);
  if (second.readUInt32LE(metaFields.freeTree) !== pageBytes) {
    throw refuseLmdb(file, 'both meta pages must have the same page size', pageBytes + metaFields.freeTree);
  }
  const isSecond = transaction(second) > transaction(first);
  const tree = (isSecond ? second : first).subarray(metaFields.mainTree);
  const at = (isSecond ? pageBytes : 0) + metaFields.mainTree;
  checkKind(file, tree.readUInt16LE(treeFields.flags), at + treeFields.flags);
  const pages = Math.floor(file.bytes / pageBytes);
  const root = tree.readBigUInt64LE(treeFields.root);
  const entries = Number(tree.readBigUInt64LE(treeFields.entries));
  return { file, pageBytes, pages, entries, ...(root === noPage ? {} : { root: Number(root) }) };
};

const transaction = (meta: Buffer): bigint => meta.readBigUInt64LE(metaFields.transaction);

const readMeta = async (file: RandomAccess, offset: number): Promise<Buffer> => {
  if (offset + metaBytes > file.bytes) {
    throw refuseLmdb(
      file,
      `a database must begin with two meta pages, and the file ends at byte ${file.bytes}`,
      offset,
    );
  }
  const meta = await file.read(offset, metaBytes);
  const magic = meta.readUInt32LE(metaFields.magic);
  if (magic !== dbMagic || (meta.readUInt16LE(10) & pageFlags.meta) === 0) {
    const other = meta.readUInt32BE(metaFields.magic) === dbMagic ? ' (it comes from a big-endian machine)' : '';
    throw refuseLmdb(
      file,
      `a meta page must have the magic 0x${dbMagic.toString(16)}, got 0x${magic.toString(16).padStart(8, '0')}${other}`,
      offset + metaFields.magic,
    );
  }
  const version = meta.readUInt32LE(metaFields.version);
  if (version !== dbVersion) {
    throw refuseLmdb(
      file,
      `the data format must be ${dbVersion}, got ${version}, which no released version of LMDB reads`,
      offset + metaFields.version,
      "write the set again with Python's lmdb; the lmdb package of npm writes data format 2",
    );
  }
  return meta;
};

/** Only plain trees are read: one value a key, keys ordered as bytes. */
const checkKind = (file: RandomAccess, flags: number, offset: number): void => {
  if ((flags & treeFlags.all) === 0) return;
  const found =
    flags & treeFlags.duplicates
      ? 'holds several values under one key (dupsort)'
      : `orders its keys in another way (flags 0x${flags.toString(16)})`;
  throw refuseLmdb(
    file,
    `the main database must hold one value under each key, ordered as bytes; this one ${found}`,
    offset,
    'write the set again into a database that is opened without flags',
  );
};
