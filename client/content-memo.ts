import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest } from '../core/digest.ts';
import { contentDigest } from '../formats/content.ts';
import { type DiskSource, type Links, openDisk } from '../formats/sources/disk.ts';
import { isS3Address } from '../formats/sources/s3.ts';
import { readNote, writeNote } from './note-file.ts';

/** Smaller sources are read faster than their notes are worth. */
const leastBytes = 64 * 2 ** 20;
/** A file that was written just now may be written again without its time changing: clocks of file systems are coarse. */
const settledMs = 2000;

interface Options {
  readonly links?: Links;
  /** Least size of a source that is remembered, in bytes. */
  readonly least?: number;
}

/**
 * The digest of what a path names, for planning: as `contentDigest`, but large files that have not changed since they were last read
 * are not read again. A change is seen by size, inode, and times of writing and of change, as git and DVC see it. Stages that
 * take files in read all of them, and refuse what is not what was planned.
 *
 * @param home state folder, where one note for each path is kept
 * @throws CemiflowError as `contentDigest`
 */
export const knownContent = async (home: string, path: string, options: Options = {}): Promise<Digest> => {
  const { least = leastBytes, ...reading } = options;
  const before = isS3Address(path) ? undefined : await stampOf(path, reading, least);
  if (before === undefined) return contentDigest(path, reading);
  const note = join(home, 'contents', `${createHash('sha256').update(before.root).digest('hex')}.json`);
  const noted = parsed(readNote(note));
  if (noted?.stamp === before.stamp) return noted.content;
  const content = await contentDigest(path, reading);
  const after = await stampOf(path, reading, least);
  if (after?.stamp === before.stamp && before.isSettled)
    writeNote(note, JSON.stringify({ stamp: before.stamp, content } satisfies Note));
  return content;
};

interface Stamp {
  /** Real path of what was named. */
  readonly root: string;
  readonly stamp: string;
  /** Whether a later change of any file must change the stamp. */
  readonly isSettled: boolean;
}

/** Undefined for a source of fewer than `least` bytes, whose files are not looked at one by one. */
const stampOf = async (
  path: string,
  options: { readonly links?: Links },
  least: number,
): Promise<Stamp | undefined> => {
  const begun = Date.now();
  const source = await openDisk(path, options);
  try {
    if (source.files.reduce((sum, { bytes }) => sum + bytes, 0) < least) return undefined;
    const hash = createHash('sha256');
    const add = (...parts: readonly unknown[]): void => void hash.update(`${JSON.stringify(parts)}\n`);
    for (const { path: name, fault } of source.faults ?? []) add(name, fault);
    for (const name of source.empty ?? []) add(name);
    let latest = 0;
    for (const file of source.files) {
      const found = await timesOf(source, file.path);
      add(file.path, file.bytes, ...(found?.marks ?? []));
      latest = Math.max(latest, found?.changedMs ?? begun);
    }
    return {
      root: await realpath(path),
      stamp: hash.digest('hex'),
      isSettled: latest < begun - settledMs,
    };
  } finally {
    await source.close();
  }
};

/** Undefined where the file is gone: reading says so. */
const timesOf = async ({ root }: DiskSource, path: string) => {
  const found = await stat(join(root, path), { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  const { ino, dev, mtimeNs, ctimeNs } = found;
  return { marks: [dev, ino, mtimeNs, ctimeNs].map(String), changedMs: Number(ctimeNs / 1_000_000n) };
};

interface Note {
  readonly stamp: string;
  readonly content: Digest;
}

/** Undefined for a damaged note as well: it costs a reading. */
const parsed = (bytes: Buffer | undefined): Note | undefined => {
  try {
    const note = JSON.parse(bytes?.toString() ?? 'null') as Partial<Note> | null;
    return typeof note?.stamp === 'string' && isDigest(note.content) ? (note as Note) : undefined;
  } catch {
    return undefined;
  }
};
