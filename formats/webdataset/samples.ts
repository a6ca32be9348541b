import { maxImageBytes } from '../image-set.ts';
import type { RandomAccess } from '../source.ts';
import { refuseAt, type ScannedFile, scanTar } from './scan.ts';

/** Files of one sample, by their extension in lower case: `jpg`, `cls`, `seg.png`. */
export interface TarSample {
  /** Path up to the first dot of the name. */
  readonly key: string;
  readonly files: ReadonlyMap<string, ScannedFile>;
  /** Bytes of those files that `wanted` names. */
  readonly bytes: ReadonlyMap<string, Buffer>;
}

/** Most files of a sample. */
const maxSampleFiles = 1000;

/**
 * Samples of a shard by WebDataset's rule (`base_plus_ext` of its tariterators.py): neighbours that share the path up to the first
 * dot after the last slash. Files without a dot, or with nothing before it, belong to no sample. Keys are kept to find samples whose
 * files do not lie together: some 70 bytes for each.
 *
 * @param wanted most bytes that are read of files with each extension; longer ones are not read
 * @throws CemiflowError `FormatInvalid`
 */
export async function* samplesOf(file: RandomAccess, wanted: ReadonlyMap<string, number>): AsyncGenerator<TarSample> {
  const keys = new Set<string>();
  let sample: { key: string; files: Map<string, ScannedFile>; bytes: Map<string, Buffer> } | undefined;
  for await (const scanned of scanTar(file)) {
    const [, key, suffix] = /^((?:.*\/|)[^./]+)\.([^/]*)$/s.exec(scanned.path) ?? [];
    if (key === undefined || suffix === undefined) continue;
    const fail = refuseAt(file, scanned.offset);
    if (sample?.key !== key) {
      if (sample) yield sample;
      if (keys.has(key)) {
        throw fail(`sample ${key} comes a second time: the files of a sample must lie together, and each only once`);
      }
      keys.add(key);
      sample = { key, files: new Map(), bytes: new Map() };
    }
    const extension = suffix.toLowerCase();
    if (sample.files.has(extension)) throw fail(`${scanned.path} is there twice`);
    if (sample.files.size === maxSampleFiles) throw fail(`samples of at most ${maxSampleFiles} files are read`);
    sample.files.set(extension, scanned);
    if (scanned.bytes <= (wanted.get(extension) ?? -1)) {
      sample.bytes.set(extension, Buffer.from(await file.read(scanned.offset, scanned.bytes)));
    }
  }
  if (sample) yield sample;
}

/** Extensions of the image, as WebDataset's decoder of images knows them. */
export const imageExtensions = ['jpg', 'jpeg', 'png', 'webp'];

/** What the reader of image sets needs. */
export const wanted: ReadonlyMap<string, number> = new Map([
  ...imageExtensions.map((extension) => [extension, maxImageBytes] as const),
  ['cls', 64],
  ['json', 2 ** 20],
]);
