import { readFileSync } from 'node:fs';
import type { BadEntry, ImageSetFormat, ListedImage } from '../../../formats/image-set.ts';
import type { Source } from '../../../formats/source.ts';

/** Files in memory as a source. */
export const sourceOf = (files: { readonly [path: string]: Uint8Array }): Source => ({
  name: 'memory',
  files: Object.entries(files)
    .map(([path, { length }]) => ({ path, bytes: length }))
    .sort((a, b) => (a.path < b.path ? -1 : 1)),
  read: async ({ path, bytes }, from, length) => {
    if (!(from >= 0 && length >= 0 && from + length <= bytes)) {
      throw new RangeError(`read of ${length} bytes at ${from} of ${path}, which has ${bytes}`);
    }
    return Buffer.from(files[path] as Uint8Array).subarray(from, from + length);
  },
});

/** A file under test/fixtures/formats. */
export const fixture = (path: string): Buffer =>
  readFileSync(new URL(`../../fixtures/formats/${path}`, import.meta.url));

export const listed = async (format: ImageSetFormat, source: Source): Promise<(ListedImage | BadEntry)[]> => {
  const found: (ListedImage | BadEntry)[] = [];
  for await (const entry of format.list(source)) found.push(entry);
  return found;
};

/** Images of a set that has no bad entries, and as `read` gives them back, in reverse. */
export const imagesOf = async (format: ImageSetFormat, source: Source): Promise<ListedImage[]> => {
  const images = (await listed(format, source)).map((entry) => {
    if ('fault' in entry) throw new Error(entry.fault);
    return entry;
  });
  const reversed = [...images].reverse();
  let at = 0;
  for await (const bytes of format.read(
    source,
    reversed.map(({ place }) => place),
  )) {
    if (Buffer.compare(bytes, (reversed[at++] as ListedImage).bytes) !== 0)
      throw new Error(`image ${at} was read otherwise`);
  }
  if (at !== images.length) throw new Error(`${at} of ${images.length} images were read`);
  return images;
};
