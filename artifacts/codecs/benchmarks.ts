import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { plural } from '../../core/words.ts';
import { decodeSafetensors, encodeSafetensors, type SafeArray, type SafeDtype } from '../../formats/safetensors.ts';
import { type Artifact, type ArtifactReader, defineCodec, readFileOf } from '../codec.ts';
import type { People } from '../people.ts';
import { type PeopleShown, peopleIn, shownIn, withoutImplied } from './dataset.ts';

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

export interface BenchmarksMeta {
  /** Names of the verification sets, in order. */
  readonly sets: readonly string[];
  /** Names of the sets of templates, in order: IJB-B's and IJB-C's protocol. */
  readonly templates: readonly string[];
  /** Of all images, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Benchmarks that do not say whom they show count as `real`. */
  readonly peopleShown: PeopleShown;
  /** People whom a program drew, so that sets can be compared. */
  readonly people: readonly People[];
}

export type BenchmarksWritten = JsonObject & {
  sets: string[];
  height: number;
  width: number;
  peopleShown: PeopleShown;
};

export const benchmarksCodec = defineCodec<BenchmarksMeta, BenchmarksWritten>({
  type: 'benchmarks',
  versions: [
    (fields) => ({
      sets: fields.strings('sets'),
      templates: fields.optional('templates', (each) => each.strings('templates')) ?? [],
      height: fields.integer('height', { from: 1 }),
      width: fields.integer('width', { from: 1 }),
      peopleShown: shownIn(fields),
      people: peopleIn(fields),
    }),
  ],
  stored: withoutImplied,
});

/** Folder of a set's files: `new DatasetWriter(store, { …, prefix: setPrefix('lfw') })`. */
export const setPrefix = (set: string): string => {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(set)) return `${set}/`;
  throw invalid(`a set's name must be letters, digits, - and _, got ${JSON.stringify(set)}`, { set });
};

export const pairsPath = (set: string): string => `${setPrefix(set)}pairs.safetensors`;

/** Pairs of a set of `images` images as a file. @throws CemiflowError `BenchmarkInvalid` */
export const encodePairs = (set: string, pairs: Pairs, images: number): Buffer => {
  check(set, pairs, images);
  return encodeSafetensors(
    Object.fromEntries(
      Object.entries(layout).map(([name, dtype]) => {
        const data = pairs[name as keyof Pairs];
        return [name, { dtype, shape: [data.length], data }];
      }),
    ),
  );
};

/**
 * The pairs of one set.
 *
 * @param images of the set
 * @throws CemiflowError `ArtifactInvalid`
 */
export const readPairs = (
  store: ArtifactReader,
  artifact: Artifact<BenchmarksMeta>,
  set: string,
  images: number,
): Promise<Pairs> =>
  readFileOf(store, artifact, pairsPath(set), (bytes) => {
    const tensors = decodeSafetensors(bytes);
    const read = <T extends SafeArray>(name: keyof Pairs): T => {
      const tensor = tensors[name];
      if (tensor?.dtype === layout[name]) return tensor.data as T;
      throw invalid(`${set} must hold ${name} as ${layout[name]}`, { set, name });
    };
    const pairs: Pairs = { left: read('left'), right: read('right'), same: read('same'), fold: read('fold') };
    check(set, pairs, images);
    return pairs;
  });

const layout = { left: 'I32', right: 'I32', same: 'U8', fold: 'I32' } as const satisfies Record<string, SafeDtype>;
const folds = 10;

const check = (set: string, { left, right, same, fold }: Pairs, images: number): void => {
  const count = left.length;
  const fits = (values: Int32Array | Uint8Array, below: number): boolean =>
    values.length === count && values.every((value) => value >= 0 && value < below);
  if (count > 0 && fits(left, images) && fits(right, images) && fits(same, 2) && fits(fold, folds)) return;
  throw invalid(`pairs of ${set} must be of equal length, name its ${plural(images, 'image')}, 0 or 1, and folds 0…9`, {
    set,
    images,
  });
};

const invalid = (message: string, data: JsonObject): CemiflowError =>
  new CemiflowError('BenchmarkInvalid', message, { remedy: 'make or import the benchmarks again', data });
