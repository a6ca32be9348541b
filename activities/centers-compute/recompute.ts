import { centersCodec, readCenters } from '../../artifacts/codecs/centers.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Recompute } from '../../core/recompute.ts';
import { factsOf } from './facts.ts';

interface Params {
  readonly source: 'classifier' | 'mean';
  readonly groups: number;
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
}

/** The groups and their bounds from the similarity of each image. */
export const recompute: Recompute = async ({ action: { params }, outputs }, store) => {
  const artifact = await centersCodec.read(store, outputs.centers as ArtifactRef);
  const { source, groups, data, recognizer } = params as unknown as Params;
  const made = { source, data: data.digest, recognizer: recognizer.digest };
  const { meta } = factsOf(await readCenters(store, artifact), artifact.meta.embeddingSize, groups, made);
  return { output: 'centers', metrics: meta, from: 'from similarities of images to their centers' };
};
