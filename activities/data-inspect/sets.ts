import type { ArtifactReader } from '../../artifacts/codec.ts';
import { benchmarksCodec, setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { datasetCodec, readNames } from '../../artifacts/codecs/dataset.ts';
import { shardsOf } from '../../artifacts/shards.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';

/** One set of images that an inspection reads. */
export interface InspectedSet {
  readonly label: string;
  readonly ref: ArtifactRef;
  /** Of benchmarks: which of their sets. */
  readonly set?: string;
  readonly shards: readonly FileEntry[];
  /** In pixels. */
  readonly height: number;
  readonly width: number;
  /** At the place of each identity its name; empty where the set has none. */
  readonly names: readonly string[];
  /** Of a generated set: from this image number on there are copies of the inquiry image. */
  readonly generatedImages?: number;
}

/** A set with its name in reports. */
export interface LabelledSet {
  readonly label: string;
  readonly data: ArtifactRef;
}

/** A dataset as one set, benchmarks as one for each of their verification sets. @throws CemiflowError `ArtifactInvalid` */
export const setsIn = async (store: ArtifactReader, { label, data: ref }: LabelledSet): Promise<InspectedSet[]> => {
  if (ref.type === 'benchmarks') {
    const artifact = await benchmarksCodec.read(store, ref);
    const { sets, height, width } = artifact.meta;
    return sets.map((set) => {
      const shards = shardsOf(artifact.files, setPrefix(set));
      return { label, ref, set, shards, height, width, names: [] };
    });
  }
  const artifact = await datasetCodec.read(store, ref);
  const { height, width, generatedImages } = artifact.meta;
  const names = await readNames(store, artifact);
  const copies = generatedImages === undefined ? {} : { generatedImages };
  return [{ label, ref, shards: shardsOf(artifact.files), height, width, names, ...copies }];
};
