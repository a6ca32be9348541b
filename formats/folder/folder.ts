import { type BadEntry, type ImageSetFormat, type ListedImage, maxImageBytes, type Place } from '../image-set.ts';
import { isPhotograph } from '../paths.ts';
import type { Source, SourceFile } from '../source.ts';

/**
 * A folder of photos for each identity: `ann/1.jpg`. The folder's name is the identity, and photos come in the order of their names.
 * A place is the file alone.
 */
export const folder: ImageSetFormat = {
  name: 'folder',
  matches: (files) => files.some(({ path }) => path.includes('/') && isPhotograph(path)),

  async *list(source) {
    for (const [index, file] of source.files.entries()) yield await listed(source, file, index);
  },

  async *read(source, places) {
    for (const [index] of places) {
      const file = source.files[index] as SourceFile;
      yield source.read(file, 0, file.bytes);
    }
  },

  emptyIdentities: ({ empty = [] }) => empty.filter((path) => !path.includes('/')),

  nameOf: (source, [index]) => source.files[index]?.path ?? '',
};

const listed = async (source: Source, file: SourceFile, index: number): Promise<ListedImage | BadEntry> => {
  const place: Place = [index, 0, file.bytes];
  const identity = file.path.slice(0, Math.max(0, file.path.indexOf('/')));
  const fault = faultOf(file);
  if (fault !== undefined) return { place, fault, ...(identity && { identity }) };
  return { identity, place, bytes: await source.read(file, 0, file.bytes) };
};

const faultOf = ({ path, bytes }: SourceFile): string | undefined => {
  const depth = path.split('/').length;
  if (depth === 1) return 'lies beside the identities';
  if (depth > 2) return 'lies in a folder inside an identity';
  if (!isPhotograph(path)) return 'is no JPEG, PNG or WebP by its name';
  if (bytes === 0) return 'is empty';
  return bytes > maxImageBytes ? `has over ${maxImageBytes / 2 ** 20} MiB` : undefined;
};
