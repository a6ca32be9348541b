import { createHash } from 'node:crypto';
import type { Digest } from '../core/digest.ts';
import type { Source } from './source.ts';
import type { Links } from './sources/disk.ts';
import { openSource } from './sources/open.ts';
import type { TaggedFile } from './sources/s3.ts';

/**
 * Digest of everything that a path names: names, sizes and contents of files, and what cannot be read. Objects of a store count by
 * the tag that the store gives their content, so that planning downloads nothing.
 *
 * @param options.links default `anywhere`: whoever asks has been allowed to read the files
 *
 * @throws CemiflowError as `openSource`
 */
export const contentDigest = async (path: string, options: { readonly links?: Links } = {}): Promise<Digest> => {
  const source = await openSource(path, options);
  try {
    const [only] = source.files;
    // What a single file is called changes nothing.
    if (only && source.isFile) return `sha256:${await contentOf(source, only)}`;
    const hash = createHash('sha256');
    const add = (name: string, bytes: number, content: string): void =>
      void hash.update(`${JSON.stringify(name)} ${bytes} ${content}\n`);
    for (const { path: name, fault } of source.faults ?? []) add(name, 0, fault);
    for (const name of source.empty ?? []) add(name, 0, 'is empty');
    for (const file of source.files) add(file.path, file.bytes, await contentOf(source, file));
    return `sha256:${hash.digest('hex')}`;
  } finally {
    await source.close();
  }
};

/** In hexadecimal: the digest of a file's bytes, or of the tag that an object store gives them. */
const contentOf = async (source: Source, file: Source['files'][number]): Promise<string> => {
  const { tag } = file as Partial<TaggedFile>;
  return tag === undefined ? hashOf(source, file) : createHash('sha256').update(tag).digest('hex');
};

const pieceBytes = 4 * 2 ** 20;

const hashOf = async (source: Source, file: Source['files'][number]): Promise<string> => {
  const hash = createHash('sha256');
  for (let from = 0; from < file.bytes; from += pieceBytes)
    hash.update(await source.read(file, from, Math.min(pieceBytes, file.bytes - from)));
  return hash.digest('hex');
};
