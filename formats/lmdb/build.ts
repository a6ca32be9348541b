import { AppendFile } from '../append-file.ts';
import {
  dbMagic,
  dbVersion,
  metaBytes,
  metaFields,
  nodeFlags,
  nodeHeaderBytes,
  noPage,
  pageFlags,
  pageHeaderBytes,
  treeFields,
  treeFlags,
} from './layout.ts';
import { overflowPages } from './page.ts';

/** A value that has been written: its key comes later, in the tree. */
export interface Written {
  readonly page: number;
  readonly bytes: number;
}

/** An entry of the tree. Keys are given in order, as bytes. */
export interface Entry extends Written {
  readonly key: Buffer;
}

/** A page of the tree, by the key from which on it holds entries. */
interface Child {
  readonly key: Buffer;
  readonly page: number;
}

/**
 * Writes a new LMDB database (data format 1) in one pass: first the values, each on overflow pages of its own, then the tree over them.
 * The meta pages come last, so that a file that was cut off is no database.
 */
export class DatabaseBuilder {
  readonly #file: AppendFile;
  readonly #pageBytes: number;
  readonly #counts = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };

  private constructor(file: AppendFile, pageBytes: number) {
    this.#file = file;
    this.#pageBytes = pageBytes;
  }

  /** @param pageBytes a power of two from 256 to 32,768 */
  static async create(path: string, pageBytes: number): Promise<DatabaseBuilder> {
    const builder = new DatabaseBuilder(await AppendFile.create(path), pageBytes);
    await builder.#file.append(Buffer.alloc(2 * pageBytes));
    return builder;
  }

  async putValue(parts: readonly Uint8Array[]): Promise<Written> {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const count = overflowPages(bytes, this.#pageBytes);
    const pages = Buffer.alloc(count * this.#pageBytes);
    const page = this.#nextPage();
    pages.writeBigUInt64LE(BigInt(page), 0);
    pages.writeUInt16LE(pageFlags.overflow, 10);
    pages.writeUInt32LE(count, 12);
    let at = pageHeaderBytes;
    for (const part of parts) {
      pages.set(part, at);
      at += part.length;
    }
    await this.#file.append(pages);
    this.#counts.overflowPages += count;
    return { page, bytes };
  }

  /** Writes the tree and the meta pages. @param entries at least one, sorted by key, each key once */
  async finish(entries: Iterable<Entry>): Promise<void> {
    let level = await this.#writeLeaves(entries);
    let depth = 1;
    for (; level.length > 1; depth++) level = await this.#writeBranches(level);
    const root = level[0] as Child;
    await this.#file.finish();
    await this.#file.overwrite(0, this.#meta(0));
    await this.#file.overwrite(this.#pageBytes, this.#meta(1, { root: root.page, depth }));
    await this.#file.finish();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #nextPage(): number {
    return this.#file.bytes / this.#pageBytes;
  }

  async #writeLeaves(entries: Iterable<Entry>): Promise<Child[]> {
    const leaves: Child[] = [];
    let page = new TreePage(pageFlags.leaf, this.#pageBytes);
    let first: Buffer | undefined;
    for (const { key, page: valuePage, bytes } of entries) {
      const node = Buffer.alloc(nodeHeaderBytes + key.length + 8);
      node.writeUInt32LE(bytes, 0);
      node.writeUInt16LE(nodeFlags.overflow, 4);
      node.writeUInt16LE(key.length, 6);
      node.set(key, nodeHeaderBytes);
      node.writeBigUInt64LE(BigInt(valuePage), nodeHeaderBytes + key.length);
      if (!page.fits(node)) {
        leaves.push({ key: first as Buffer, page: await this.#put(page) });
        page = new TreePage(pageFlags.leaf, this.#pageBytes);
        first = undefined;
      }
      first ??= key;
      page.add(node);
      this.#counts.entries++;
    }
    leaves.push({ key: first as Buffer, page: await this.#put(page) });
    this.#counts.leafPages += leaves.length;
    return leaves;
  }

  /** Branches over pages. LMDB wants at least two below each, so the last takes one from the branch before it if need be. */
  async #writeBranches(children: readonly Child[]): Promise<Child[]> {
    const branches: Child[] = [];
    for (let from = 0; from < children.length; ) {
      let end = this.#endOfBranch(children, from);
      if (end === children.length - 1) end--;
      const page = new TreePage(pageFlags.branch, this.#pageBytes);
      for (let i = from; i < end; i++) page.add(branchNode(children[i] as Child, i === from));
      branches.push({ key: (children[from] as Child).key, page: await this.#put(page) });
      from = end;
    }
    this.#counts.branchPages += branches.length;
    return branches;
  }

  #endOfBranch(children: readonly Child[], from: number): number {
    const page = new TreePage(pageFlags.branch, this.#pageBytes);
    let end = from;
    for (; end < children.length; end++) {
      const node = branchNode(children[end] as Child, end === from);
      if (!page.fits(node)) break;
      page.add(node);
    }
    return end;
  }

  async #put(page: TreePage): Promise<number> {
    const number = this.#nextPage();
    await this.#file.append(page.encode(number));
    return number;
  }

  /** A meta page as LMDB writes it for transaction 0 (an empty database) or 1. */
  #meta(transaction: 0 | 1, tree?: { readonly root: number; readonly depth: number }): Buffer {
    const meta = Buffer.alloc(Math.max(this.#pageBytes, metaBytes));
    meta.writeBigUInt64LE(BigInt(transaction), 0);
    meta.writeUInt16LE(pageFlags.meta, 10);
    meta.writeUInt32LE(dbMagic, metaFields.magic);
    meta.writeUInt32LE(dbVersion, metaFields.version);
    meta.writeBigUInt64LE(BigInt(Math.ceil(this.#file.bytes / mapUnit) * mapUnit), metaFields.mapBytes);
    meta.writeUInt32LE(this.#pageBytes, metaFields.freeTree);
    meta.writeUInt16LE(treeFlags.integerKeys, metaFields.freeTree + treeFields.flags);
    meta.writeBigUInt64LE(noPage, metaFields.freeTree + treeFields.root);
    meta.writeBigUInt64LE(noPage, metaFields.mainTree + treeFields.root);
    meta.writeBigUInt64LE(BigInt(tree ? this.#nextPage() - 1 : 1), metaFields.lastPage);
    meta.writeBigUInt64LE(BigInt(transaction), metaFields.transaction);
    if (!tree) return meta;
    const main = meta.subarray(metaFields.mainTree);
    main.writeUInt16LE(tree.depth, treeFields.depth);
    main.writeBigUInt64LE(BigInt(this.#counts.branchPages), treeFields.branchPages);
    main.writeBigUInt64LE(BigInt(this.#counts.leafPages), treeFields.leafPages);
    main.writeBigUInt64LE(BigInt(this.#counts.overflowPages), treeFields.overflowPages);
    main.writeBigUInt64LE(BigInt(this.#counts.entries), treeFields.entries);
    main.writeBigUInt64LE(BigInt(tree.root), treeFields.root);
    return meta;
  }
}

/** LMDB's default map; maps are whole multiples of it here. */
const mapUnit = 2 ** 20;

/** The first node of a branch has no key: it stands for everything below the second. */
const branchNode = ({ key, page }: Child, isFirst: boolean): Buffer => {
  const node = Buffer.alloc(nodeHeaderBytes + (isFirst ? 0 : key.length));
  node.writeUIntLE(page, 0, 6);
  if (isFirst) return node;
  node.writeUInt16LE(key.length, 6);
  node.set(key, nodeHeaderBytes);
  return node;
};

/** Nodes of a page, in order: the first lies at the page's end. */
class TreePage {
  readonly #kind: number;
  readonly #bytes: Buffer;
  #lower = pageHeaderBytes;
  #upper: number;

  constructor(kind: number, pageBytes: number) {
    this.#kind = kind;
    this.#bytes = Buffer.alloc(pageBytes);
    this.#upper = pageBytes;
  }

  fits(node: Buffer): boolean {
    return this.#lower + 2 + even(node.length) <= this.#upper;
  }

  add(node: Buffer): void {
    this.#upper -= even(node.length);
    this.#bytes.set(node, this.#upper);
    this.#bytes.writeUInt16LE(this.#upper, this.#lower);
    this.#lower += 2;
  }

  encode(number: number): Buffer {
    this.#bytes.writeBigUInt64LE(BigInt(number), 0);
    this.#bytes.writeUInt16LE(this.#kind, 10);
    this.#bytes.writeUInt16LE(this.#lower, 12);
    this.#bytes.writeUInt16LE(this.#upper, 14);
    return this.#bytes;
  }
}

const even = (bytes: number): number => bytes + (bytes & 1);
