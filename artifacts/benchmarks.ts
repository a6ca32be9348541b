import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { ImageSet } from '../data/images.ts';
import { type LoadOptions, loadImages } from '../data/loader/load.ts';
import { decodeSafetensors, encodeSafetensors, type SafeArray, type SafeDtype } from '../formats/safetensors.ts';
import { shardsOf } from './dataset.ts';

/** Pairs of one verification set, as LFW's protocol has them: ten folds of equal and different pairs. */
export interface Pairs {
  /** int32 [P], index of the first image in shard order */
  readonly left: Int32Array;
  /** int32 [P], index of the second image */
  readonly right: Int32Array;
  /** uint8 [P], 1 where both show one identity */
  readonly same: Uint8Array;
  /** int32 [P], 0…9 */
  readonly fold: Int32Array;
}

export type Benchmark = Pairs & { readonly images: ImageSet };

const layout = { left: 'I32', right: 'I32', same: 'U8', fold: 'I32' } as const satisfies Record<string, SafeDtype>;
const folds = 10;

/** Where a set's images lie: `new DatasetWriter(store, { …, prefix: setPrefix('lfw') })`. */
export const setPrefix = (set: string): string => {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(set)) return `${set}/`;
  throw invalid(`a set's name must be letters, digits, - and _, got ${JSON.stringify(set)}`, { set });
};

/** Stores the pairs of a set of `images` images as `S/pairs.safetensors`. */
export const putPairs = async (store: ArtifactStore, set: string, pairs: Pairs, images: number): Promise<FileEntry> => {
  check(set, pairs, images);
  const tensors = Object.fromEntries(
    Object.entries(layout).map(([name, dtype]) => {
      const data = pairs[name as keyof Pairs];
      return [name, { dtype, shape: [data.length], data }];
    }),
  );
  return store.putFile(`${setPrefix(set)}pairs.safetensors`, encodeSafetensors(tensors), 'application/octet-stream');
};

/** Stores the manifest. @param files shards and pairs of all sets @param meta holds `sets`, `height` and `width` */
export const putBenchmarks = (
  store: ArtifactStore,
  files: readonly FileEntry[],
  meta: JsonObject & { sets: string[]; height: number; width: number },
): Promise<ArtifactRef> => store.putArtifact({ type: 'benchmarks', meta, files });

/** Names of the sets, in the order of the manifest. */
export const benchmarkSets = async (store: ArtifactStore, ref: ArtifactRef): Promise<string[]> =>
  (await store.getArtifact(ref)).meta.sets as string[];

/** Loads one verification set whole. @throws CemiflowError `BenchmarkMissing`, `BenchmarkInvalid` */
export const loadBenchmark = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  set: string,
  options: LoadOptions = {},
): Promise<Benchmark> => {
  const { meta, files } = await store.getArtifact(ref);
  const sets = meta.sets as string[];
  const prefix = setPrefix(set);
  const file = files.find(({ path }) => path === `${prefix}pairs.safetensors`);
  if (!file || !sets.includes(set)) {
    throw new CemiflowError('BenchmarkMissing', `there is no verification set ${set}`, {
      remedy: `name one of: ${sets.join(', ')}`,
      data: { set, sets },
    });
  }
  const { height, width } = meta as { height: number; width: number };
  const images = await loadImages(store, shardsOf(files, prefix), { height, width }, options);
  const tensors = decodeSafetensors(await store.getBlob(file.digest));
  const read = <T extends SafeArray>(name: keyof Pairs): T => {
    const tensor = tensors[name];
    if (tensor?.dtype === layout[name]) return tensor.data as T;
    throw invalid(`${file.path} must hold ${name} as ${layout[name]}`, { set, name });
  };
  const pairs: Pairs = { left: read('left'), right: read('right'), same: read('same'), fold: read('fold') };
  check(set, pairs, images.count);
  return { images, ...pairs };
};

const check = (set: string, { left, right, same, fold }: Pairs, images: number): void => {
  const count = left.length;
  const fits = (values: Int32Array | Uint8Array, below: number): boolean =>
    values.length === count && values.every((value) => value >= 0 && value < below);
  if (count > 0 && fits(left, images) && fits(right, images) && fits(same, 2) && fits(fold, folds)) return;
  throw invalid(`pairs of ${set} must be of equal length, name its ${images} images, 0 or 1, and folds 0…9`, {
    set,
    images,
  });
};

const invalid = (message: string, data: JsonObject): CemiflowError =>
  new CemiflowError('BenchmarkInvalid', message, { remedy: 'make or import the benchmarks again', data });
