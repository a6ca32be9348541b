import { CemiflowError } from '../../core/errors.ts';
import { folder } from '../folder/folder.ts';
import type { BadEntry, ImageSetFormat, ListedImage } from '../image-set.ts';
import type { Source, SourceFile } from '../source.ts';
import { type LandmarkList, readListOf } from './list.ts';
import { maxSidecarBytes, readSidecar } from './sidecar.ts';

/** A folder of photos whose landmarks are known. */
export interface LandmarkedPhotos {
  readonly format: ImageSetFormat;
  /** Rows of the list whose photo is not there; empty where landmarks lie beside the photos. */
  readonly unused: readonly string[];
}

/**
 * A folder of photos for each identity, without their landmarks: lists and sidecars of landmarks are passed over, so that one folder
 * serves a detector and `landmarkedPhotos` alike.
 */
export const rawPhotos: ImageSetFormat = {
  ...folder,
  async *list(source) {
    for await (const entry of folder.list(source)) {
      const file = source.files[entry.place[0]] as SourceFile;
      if (!isSidecar(file) && !usualLists.includes(file.path)) yield entry;
    }
  },
};

/** Lists that are taken where none is named. */
const usualLists = ['landmarks.csv', 'landmarks.txt'];

/**
 * A folder of photos for each identity, with five landmarks for each photo. They come from a list in the folder (see `readLandmarkList`), or, where
 * there is none, from a JSON file beside each photo: `ann/1.json` for `ann/1.jpg` (see `readSidecar`). A photo without landmarks is a bad entry.
 *
 * @param named path of the list in the source; `auto`: `landmarks.csv` or `landmarks.txt` if it is there
 * @throws CemiflowError `LandmarksNotFound`, `FormatInvalid`
 */
export const landmarkedPhotos = async (source: Source, named: string): Promise<LandmarkedPhotos> => {
  const list = listOf(source, named);
  if (list === undefined) return { format: besidePhotos(source), unused: [] };
  const landmarks = await readListOf(source, list);
  const there = new Set(source.files.map(({ path }) => path));
  const unused = [...landmarks.paths()].filter((path) => !there.has(path));
  return { format: listedPhotos(list, landmarks), unused };
};

const listOf = (source: Source, named: string): SourceFile | undefined => {
  const paths = named === 'auto' ? usualLists : [named];
  const found = paths.map((path) => source.files.find((file) => file.path === path)).find((file) => file !== undefined);
  if (found !== undefined || named === 'auto') return found;
  throw new CemiflowError('LandmarksNotFound', `there is no file ${named} in ${source.name}`, {
    remedy: 'name the list by its path from the folder of photos, and keep it in that folder',
    data: { source: source.name, landmarks: named },
  });
};

type Entry = ListedImage | BadEntry;

const withLandmarks = (entry: ListedImage, landmarks: readonly number[] | undefined): Entry => {
  if (landmarks) return { ...entry, landmarks };
  const { place, identity } = entry;
  return { place, identity, fault: 'has no landmarks' };
};

const listedPhotos = (list: SourceFile, landmarks: LandmarkList): ImageSetFormat => ({
  ...folder,
  name: 'landmarks',
  async *list(source) {
    for await (const entry of folder.list(source)) {
      const file = source.files[entry.place[0]] as SourceFile;
      if (file !== list) yield 'bytes' in entry ? withLandmarks(entry, landmarks.get(file.path)) : entry;
    }
  },
});

const besidePhotos = (source: Source): ImageSetFormat => {
  const stem = (path: string): string => path.replace(/\.[^./]*$/, '');
  const sidecars = new Map(source.files.filter(isSidecar).map((file) => [stem(file.path), file]));
  const photos = new Set(source.files.filter((file) => !isSidecar(file)).map(({ path }) => stem(path)));
  return {
    ...folder,
    name: 'landmarks',
    async *list(opened) {
      for await (const entry of folder.list(opened)) {
        const file = opened.files[entry.place[0]] as SourceFile;
        if (isSidecar(file) && photos.has(stem(file.path))) continue;
        yield 'bytes' in entry ? await besides(opened, entry, sidecars.get(stem(file.path))) : entry;
      }
    },
  };
};

const isSidecar = ({ path }: SourceFile): boolean => path.endsWith('.json');

const besides = async (source: Source, entry: ListedImage, sidecar: SourceFile | undefined): Promise<Entry> => {
  if (sidecar === undefined) return withLandmarks(entry, undefined);
  try {
    const bytes = await source.read(sidecar, 0, Math.min(sidecar.bytes, maxSidecarBytes + 1));
    return withLandmarks(entry, readSidecar(sidecar.path, bytes));
  } catch (error) {
    if (!(error instanceof CemiflowError && error.code === 'FormatInvalid')) throw error;
    const { place, identity } = entry;
    return { place, identity, fault: `has landmarks that cannot be read: ${error.message}` };
  }
};
