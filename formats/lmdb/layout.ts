/**
 * LMDB's data format 1 on 64-bit little-endian machines, which all released versions write (structs `MDB_page`, `MDB_node`, `MDB_db` and
 * `MDB_meta` in its mdb.c). All numbers are little-endian.
 *
 *     page   uint64 number, uint16 unused, uint16 flags, then uint16 lower, uint16 upper (overflow: uint32 pages)
 *            branch, leaf: from byte 16 to `lower` uint16 offsets of the nodes, sorted by key; nodes from `upper` on
 *            overflow: the value from byte 16 on, over as many pages as it takes
 *     node   branch: 48-bit page number, uint16 key bytes, key
 *            leaf: uint32 value bytes, uint16 flags, uint16 key bytes, key, value (or uint64 page of the value)
 *     tree   uint32 unused, uint16 flags, uint16 depth, uint64 branch pages, leaf pages, overflow pages, entries, root page
 *     meta   page header, uint32 magic, uint32 version, uint64 address, uint64 map bytes, tree of free pages (its first field holds
 *            the page size), main tree, uint64 last page, uint64 transaction
 *
 * Pages 0 and 1 are meta pages; the one with the later transaction counts.
 */
export const dbMagic = 0xbeefc0de;
export const dbVersion = 1;
export const pageHeaderBytes = 16;
export const nodeHeaderBytes = 8;
export const treeBytes = 48;
export const metaBytes = pageHeaderBytes + 24 + 2 * treeBytes + 16;
/** LMDB's own limit on the depth of a tree. */
export const maxDepth = 32;
export const minPageBytes = 256;
export const maxPageBytes = 32_768;

/** Offsets in a meta page. */
export const metaFields = {
  magic: 16,
  version: 20,
  mapBytes: 32,
  freeTree: 40,
  mainTree: 88,
  lastPage: 136,
  transaction: 144,
} as const;

/** Offsets in a tree. */
export const treeFields = {
  flags: 4,
  depth: 6,
  branchPages: 8,
  leafPages: 16,
  overflowPages: 24,
  entries: 32,
  root: 40,
} as const;

export const pageFlags = { branch: 1, leaf: 2, overflow: 4, meta: 8, fixedSize: 0x20 } as const;
export const nodeFlags = { overflow: 1, subtree: 2, duplicates: 4 } as const;
export const treeFlags = { reverseKeys: 2, duplicates: 4, integerKeys: 8, all: 0x7fff } as const;

/** Root of an empty tree. */
export const noPage = 2n ** 64n - 1n;
