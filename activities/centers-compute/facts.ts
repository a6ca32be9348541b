import type { CenterRows, CentersWritten } from '../../artifacts/codecs/centers.ts';
import { similarityGroups } from '../../metrics/similarity.ts';
import { mean } from '../../metrics/statistics.ts';

/**
 * What centers state, and the group of each image.
 *
 * @param groups how many @param made what they were made from
 */
export const factsOf = (
  { centers, similarity, labels }: Pick<CenterRows, 'centers' | 'similarity' | 'labels'>,
  embeddingSize: number,
  groups: number,
  made: Pick<CentersWritten, 'source' | 'data' | 'recognizer'>,
): { readonly group: Int32Array; readonly meta: CentersWritten } => {
  const { group, statistics } = similarityGroups(similarity, labels, groups);
  const sizes = { identities: centers.length / embeddingSize, images: similarity.length, embeddingSize };
  return { group, meta: { ...made, ...sizes, similarity: mean(similarity), groups: statistics } };
};
