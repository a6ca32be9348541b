import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { readEmbeddings } from '../../artifacts/embeddings.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { inquiriesOf, mapOf, type TsneParams } from './map.ts';

/** The whole map, from the embeddings of images and inquiries. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const params = action.params as unknown as TsneParams;
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const inquiries = inquiriesOf(params);
  const { meta } = scores;
  if (meta.of !== 'points' || meta.mappedSets !== params.sets.length || meta.mappedInquiries !== inquiries.length)
    throw new CemiflowError(
      'ScoresInvalid',
      `embeddings of ${params.sets.length} sets and of ${inquiries.length} inquiries are required`,
      { remedy: 'evaluate again', data: { scores: scores.ref.digest } },
    );
  const read = (stem: string, of: readonly unknown[]) =>
    Promise.all(of.map((_, i) => readEmbeddings(store, scores, `${stem}-${i}`)));
  const embedded = { sets: await read('set', params.sets), inquiries: await read('inquiries', inquiries) };
  return { output: 'metrics', metrics: await mapOf(params, embedded), from: 'from embeddings of images' };
};
