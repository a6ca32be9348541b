import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { BadEntry, ImageSetFormat, ListedImage } from '../../formats/image-set.ts';
import { inMemory, type Source } from '../../formats/source.ts';

/** Files in memory as a source: their contents, by path. A read beyond the end is a RangeError: formats must not try one. */
export const sourceOf = (files: { readonly [path: string]: Uint8Array }, name = 'set'): Source => {
  const paths = Object.keys(files).sort((a, b) => (a < b ? -1 : 1));
  return {
    name,
    files: paths.map((path) => ({ path, bytes: (files[path] as Uint8Array).length })),
    read: async ({ path }, from, length) => {
      const bytes = files[path] as Uint8Array;
      const isWithin = from >= 0 && length >= 0 && from + length <= bytes.length;
      if (!isWithin) throw new RangeError(`${length} bytes from byte ${from} on are not in ${path}`);
      return inMemory(path, bytes).read(from, length);
    },
  };
};

/** A folder, or one file, read into memory. */
export const loadFiles = (path: string): { [path: string]: Buffer } => {
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      entries.map(({ parentPath, name }) => [
        relative(path, join(parentPath, name)),
        readFileSync(join(parentPath, name)),
      ]),
    );
  } catch {
    return { [basename(path)]: readFileSync(path) };
  }
};

/** All that a format lists. */
export const listAll = async (format: ImageSetFormat, source: Source): Promise<(ListedImage | BadEntry)[]> => {
  const found: (ListedImage | BadEntry)[] = [];
  for await (const entry of format.list(source)) found.push(entry);
  return found;
};

/** Images as `[identity, base64]`, which fixtures expect, bad entries left out; each is read again by its place, in turned order, and must be the same. */
export const imagesOf = async (format: ImageSetFormat, source: Source): Promise<[number | string, string][]> => {
  const listed = (await listAll(format, source)).filter((entry) => 'bytes' in entry);
  const again: string[] = [];
  const turned = [...listed].reverse();
  for await (const bytes of format.read(
    source,
    turned.map(({ place }) => place),
  )) {
    again.push(Buffer.from(bytes).toString('base64'));
  }
  return listed.map(({ identity, bytes }, i) => {
    const text = Buffer.from(bytes).toString('base64');
    if (again[listed.length - 1 - i] !== text) throw new Error(`image ${i} is another when it is read by its place`);
    return [identity, text];
  });
};
