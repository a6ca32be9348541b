import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { type BenchmarksWritten, benchmarksCodec, encodePairs, type Pairs, pairsPath } from './codecs/benchmarks.ts';

/** Stores the pairs of a set of `images` images as `S/pairs.safetensors`. */
export const putPairs = async (store: ArtifactStore, set: string, pairs: Pairs, images: number): Promise<FileEntry> =>
  store.putFile(pairsPath(set), encodePairs(set, pairs, images), 'application/octet-stream');

/** Stores the manifest. @param files shards and pairs of all sets @param meta holds `sets`, `height` and `width` */
export const putBenchmarks = (
  store: ArtifactStore,
  files: readonly FileEntry[],
  meta: BenchmarksWritten,
): Promise<ArtifactRef> => benchmarksCodec.write(store, meta, files);

/** Names of the sets, in the order of the manifest. */
export const benchmarkSets = async (store: ArtifactStore, ref: ArtifactRef): Promise<readonly string[]> => {
  const { sets, templates } = (await benchmarksCodec.read(store, ref)).meta;
  if (sets.length > 0 || templates.length === 0) return sets;
  throw new CemiflowError('BenchmarkMissing', `benchmarks ${ref.digest} hold templates and no verification set`, {
    remedy: 'evaluate them with evaluate/templates',
    data: { benchmarks: ref.digest, templates: [...templates] },
  });
};
