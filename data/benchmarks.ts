import { benchmarksCodec, type Pairs, readPairs, setPrefix } from '../artifacts/codecs/benchmarks.ts';
import { shardsOf } from '../artifacts/shards.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { ImageSet } from './images.ts';
import { type LoadOptions, loadImages } from './loader/load.ts';

/** One verification set in memory. */
export type Benchmark = Pairs & { readonly images: ImageSet };

/** Loads one verification set whole. @throws CemiflowError `BenchmarkMissing`, `ArtifactInvalid` */
export const loadBenchmark = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  set: string,
  options: LoadOptions = {},
): Promise<Benchmark> => {
  const artifact = await benchmarksCodec.read(store, ref);
  const { sets, height, width } = artifact.meta;
  if (!sets.includes(set))
    throw new CemiflowError('BenchmarkMissing', `there is no verification set ${set}`, {
      remedy: `name one of: ${sets.join(', ')}`,
      data: { set, sets: [...sets] },
    });
  const images = await loadImages(store, shardsOf(artifact.files, setPrefix(set)), { height, width }, options);
  return { images, ...(await readPairs(store, artifact, set, images.count)) };
};
