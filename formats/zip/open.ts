import type { RandomAccess } from '../source.ts';
import { readDirectory, refuse, type ZipEntry } from './directory.ts';
import { readEntry } from './entry.ts';

/** An entry that was checked against its neighbours. */
export interface PlacedEntry extends ZipEntry {
  /** Byte of the archive at which the next file, or the directory, starts. */
  readonly limit: number;
}

/** An archive whose directory was read and checked. */
export interface Zip {
  /** Files in the order in which they lie in the archive; folders are left out. About 200 bytes of memory for each. */
  readonly entries: readonly PlacedEntry[];
  /**
   * The unpacked file, checked against its CRC-32.
   *
   * @param maxBytes most bytes of the file; default 2 GiB, which is more than any tensor of a published checkpoint
   * @throws CemiflowError `FormatInvalid`
   */
  read(entry: PlacedEntry, maxBytes?: number): Promise<Buffer>;
}

const defaultMaxBytes = 2 ** 31;

/**
 * Opens an untrusted zip archive (with or without zip64). Written here because yauzl, which could read through `RandomAccess` too,
 * checks neither overlapping files nor ratios.
 *
 * @throws CemiflowError `FormatInvalid` for encryption, other methods than stored and deflated, links, paths that lead out, paths
 * that are there twice, files that overlap (D. Fifield, "A better zip bomb", 2019), and files that grow over 200 times
 */
export const openZip = async (file: RandomAccess): Promise<Zip> => {
  const fail = refuse(file);
  const entries: ZipEntry[] = [];
  const paths = new Set<string>();
  for await (const entry of readDirectory(file)) {
    if (paths.has(entry.path)) throw fail(`${entry.path} is there twice`, entry.record);
    paths.add(entry.path);
    entries.push(entry);
  }
  const directory = entries[0]?.record ?? 0;
  entries.sort((a, b) => a.offset - b.offset);
  const placed = entries.map((entry, index) => ({ ...entry, limit: entries[index + 1]?.offset ?? directory }));
  for (const { path, offset, packed, limit, record } of placed) {
    if (offset + localBytes + packed > limit) throw fail(`${path} overlaps what follows it`, record);
  }
  return {
    entries: placed,
    read: (entry, maxBytes = defaultMaxBytes) => readEntry(file, entry, { limit: entry.limit, maxBytes }),
  };
};

/** Shortest local header, without a path. */
const localBytes = 30;
