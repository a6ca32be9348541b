import type { FileEntry } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { SafeDtype } from '../formats/safetensors.ts';
import type { ArtifactReader, Opened } from './codec.ts';
import { getTensors, putTensors } from './tensors.ts';

/** Every image of a set, in shard order. */
export interface Census {
  /** int32 [N] */
  readonly identity: Int32Array;
  /** int32 [N], number of the image inside its identity */
  readonly image: Int32Array;
  /** int32 [N · 4]: 64 bits each of the digests of the file and of the decoded pixels */
  readonly hashes: Int32Array;
}

/** What a recognizer found for each identity of a set among those of another, or among the others of the same set. */
export interface Matches {
  /** int32 [S], ascending */
  readonly identity: Int32Array;
  /** int32 [S], the identity whose center is nearest; -1 where there is none */
  readonly nearest: Int32Array;
  /** float32 [S] in [-1, 1], cosine of the two centers; -1 where there is none */
  readonly similarity: Float32Array;
  /** int32 [S], how many centers are above the threshold */
  readonly above: Int32Array;
  /** int32 [P], identities of the pairs of the highest cosine, highest first */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** float32 [P] */
  readonly cosine: Float32Array;
}

type Columns = { readonly [name: string]: SafeDtype };

const censusColumns: Columns = { identity: 'I32', image: 'I32', hashes: 'I32' };
const matchColumns: Columns = {
  ...{ identity: 'I32', nearest: 'I32', similarity: 'F32', above: 'I32' },
  ...{ left: 'I32', right: 'I32', cosine: 'F32' },
};

/** Stem of a set's files: 0 is the inspected one. */
const censusStem = (set: number): string => `images-${set}`;
const matchesStem = (set: number): string => `people-${set}`;

/** @throws CemiflowError `NotFinite` */
export const putCensus = (store: ArtifactStore, set: number, census: Census): Promise<FileEntry[]> =>
  putTensors(store, censusStem(set), tensorsOf(census, censusColumns, 4));

/** @throws CemiflowError `NotFinite` */
export const putMatches = (store: ArtifactStore, set: number, matches: Matches): Promise<FileEntry[]> =>
  putTensors(store, matchesStem(set), tensorsOf(matches, matchColumns));

/** @throws CemiflowError `ScoresInvalid`, `TensorsMissing` */
export const readCensus = async (store: ArtifactReader, artifact: Opened, set: number): Promise<Census> => {
  const census = await read<Census>(store, artifact, censusStem(set), censusColumns);
  const { identity, image, hashes } = census;
  if (image.length === identity.length && hashes.length === 4 * identity.length) return census;
  throw invalid(`${censusStem(set)} must hold four numbers of hashes for each image`);
};

/** @throws CemiflowError `ScoresInvalid`, `TensorsMissing` */
export const readMatches = async (store: ArtifactReader, artifact: Opened, set: number): Promise<Matches> => {
  const matches = await read<Matches>(store, artifact, matchesStem(set), matchColumns);
  const { identity, nearest, similarity, above, left, right, cosine } = matches;
  const lengths = [new Set([identity, nearest, similarity, above].map(({ length }) => length))];
  lengths.push(new Set([left, right, cosine].map(({ length }) => length)));
  if (lengths.every(({ size }) => size === 1)) return matches;
  throw invalid(`${matchesStem(set)} must hold one number of each for every identity, and for every pair`);
};

const tensorsOf = (arrays: object, columns: Columns, wide = 1) =>
  Object.fromEntries(
    Object.entries(columns).map(([name, dtype]) => {
      const data = arrays[name as keyof typeof arrays] as Int32Array | Float32Array;
      const shape = name === 'hashes' ? [data.length / wide, wide] : [data.length];
      return [name, { dtype, shape, data }];
    }),
  );

const read = async <T>(store: ArtifactReader, artifact: Opened, stem: string, columns: Columns): Promise<T> => {
  const tensors = await getTensors(store, artifact, stem);
  const arrays = Object.entries(columns).map(([name, dtype]) => {
    const tensor = tensors[name];
    if (tensor?.dtype === dtype) return [name, tensor.data] as const;
    throw invalid(`${stem} must hold ${name} as ${dtype}, got ${tensor?.dtype ?? 'nothing'}`);
  });
  return Object.fromEntries(arrays) as T;
};

const invalid = (message: string): CemiflowError =>
  new CemiflowError('ScoresInvalid', message, { remedy: 'inspect again: cemiflow run with the same spec' });
