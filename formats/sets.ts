import { CemiflowError } from '../core/errors.ts';
import { folder } from './folder/folder.ts';
import type { ImageSetFormat } from './image-set.ts';
import { lmdb } from './lmdb/index.ts';
import { recordio } from './recordio/index.ts';
import type { Source } from './source.ts';
import { webdataset } from './webdataset/index.ts';
import { zip } from './zip/images.ts';

/** All formats of image sets. Where several match, the first is taken: packs before loose files. */
const formats: readonly ImageSetFormat[] = [recordio, lmdb, webdataset, zip, folder];

/**
 * The format of a source: the one that is named, or for `auto` the one that its files look like.
 *
 * @throws CemiflowError `FormatUnknown`
 */
export const formatOf = (source: Source, name: string): ImageSetFormat => {
  const found = formats.find((format) => (name === 'auto' ? format.matches(source.files) : format.name === name));
  if (found) return found;
  const known = formats.map((format) => format.name).join(', ');
  throw new CemiflowError('FormatUnknown', `${source.name} does not look like a set of images of any known format`, {
    remedy: `name the folder that holds the files themselves, or say which format it is: ${known}`,
    data: { source: source.name, files: source.files.slice(0, 5).map(({ path }) => path) },
  });
};
