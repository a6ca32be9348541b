import { inquiriesCodec } from '../../../artifacts/codecs/inquiries.ts';
import { weightsCodec } from '../../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { JsonObject } from '../../../core/errors.ts';
import { shardRanges, wholeBatches } from '../../../core/shards.ts';
import type { ShardedStageKind, StageContext } from '../../../core/stage.ts';
import { pixelsOf } from '../../../data/images.ts';
import {
  countOf,
  type InquirySet,
  loadInquiries,
  requireImages,
  requireSpace,
  saveInquiries,
  sliceInquiries,
} from '../../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { joinDatasets } from '../../../training/diffusion/join.ts';
import type { SampleJob } from '../../../training/diffusion/sample.ts';
import { type InputContext, loading, withInput } from '../../../training/input.ts';
import { withEmbedder } from '../../../training/recognizer.ts';
import { type GeneratorMeta, generatorMetaOf } from '../weights.ts';
import { type SamplingParams, withIDiffFace } from './generator.ts';

/** `schema.json` */
interface Params extends SamplingParams {
  readonly generator: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly identities: number;
  readonly images: number;
  readonly oversample: number;
  readonly shardIdentities: number;
}

/** One shard: what it needs and nothing else, so that a set that grows keeps the shards that it had. */
type Shard = JsonObject &
  SamplingParams & {
    readonly generator: ArtifactRef & JsonObject;
    /** The inquiries of this shard alone, whose embeddings are the contexts. */
    readonly inquiries: ArtifactRef & JsonObject;
    readonly firstIdentity: number;
    readonly images: number;
    readonly oversample: number;
  };

/** `idiff-face/generate`: images of each context. */
export const stage: ShardedStageKind<Params, Shard> = {
  split: (params, context) => withInput(context, copies, (input) => split(params, input)),
  runShard: (shard, context) => generate(shard, context),
  join: async (_params, shards, { store }) => ({ data: await joinDatasets(shards, store) }),
};

const split = async (params: Params, input: InputContext<CopyRecipe>): Promise<Shard[]> => {
  const { store } = input;
  const meta = generatorMetaOf(await weightsCodec.read(store, params.generator));
  const all = await withContexts(await loadInquiries(store, params.inquiries, loading(input)), meta, params, input);
  const count = countOf(all, params.identities);
  const { maxSimilarity } = (await inquiriesCodec.read(store, params.inquiries)).meta;
  // What is stated of a shard's inquiries: nothing that changes when the set grows.
  const facts = { recognizer: meta.recognizer, ...(maxSimilarity === undefined ? {} : { maxSimilarity }) };
  const { sampler, steps, eta, images, batch, precision, oversample } = params;
  const shards: Shard[] = [];
  for (const { from, count: size } of shardRanges(count, wholeBatches(params.shardIdentities, { images, batch }))) {
    const slice = sliceInquiries(all, from, from + size);
    shards.push({
      generator: { ...params.generator },
      inquiries: { ...(await saveInquiries(store, slice, facts)) },
      firstIdentity: from,
      ...{ images, oversample, sampler, steps, eta, batch, precision },
    });
  }
  return shards;
};

/**
 * The inquiries with the contexts that images are made for: embeddings of their images by the very recognizer that the generator was
 * trained with, or vectors as they are.
 *
 * @throws CemiflowError `RecognizerMismatch` where vectors lie in the space of another recognizer, `InquiriesWithoutImages` where
 * copies of their images are asked for
 */
const withContexts = async (
  inquiries: InquirySet,
  { recognizer: digest }: GeneratorMeta,
  { inquiries: ref, oversample, precision }: Params,
  input: InputContext<CopyRecipe>,
): Promise<InquirySet> => {
  const { pictures, rows } = inquiries;
  if (pictures === undefined) {
    requireSpace(ref, inquiries, digest, 'make the vectors with the recognizer that the generator was trained with');
    if (oversample > 0) requireImages(ref, inquiries, 'set oversample: 0');
    return inquiries;
  }
  return withEmbedder(input.store, { digest }, { view: 'plain', precision }, async (embedder) => {
    const embeddings = await embedder.embed(pictures, input, { rows, phase: 'embed inquiries' });
    return { ...inquiries, embeddings, embeddingSize: embedder.size };
  });
};

const generate = async (shard: Shard, context: StageContext): Promise<Outputs> => {
  const { store } = context;
  const { images, oversample, firstIdentity } = shard;
  const inquiries = await loadInquiries(store, shard.inquiries);
  return withIDiffFace(store, shard.generator, shard, async (sampler) => {
    const [height, width] = sampler.size;
    const size = height * width * 3;
    const generated = await sampler.sample(jobOf(shard, inquiries), context);
    const writer = new DatasetWriter(store, { height, width });
    for (let row = 0; row < inquiries.count; row++) {
      const identity = firstIdentity + row;
      for (let image = 0; image < images; image++) {
        const at = (row * images + image) * size;
        await writer.add({ identity, image, pixels: generated.subarray(at, at + size) });
      }
      if (inquiries.pictures === undefined) continue;
      // The oversampled inquiry follows the generated images: its image numbers start at `generatedImages`.
      const pixels = await pixelsOf(inquiries.pictures, inquiries.rows[row] as number);
      for (let copy = 0; copy < oversample; copy++) await writer.add({ identity, image: images + copy, pixels });
    }
    const stated = { generatedImages: images, oversample };
    return { data: await writer.finish({ origin: 'generated', peopleShown: 'generated', ...stated }) };
  });
};

const jobOf = (
  { firstIdentity, images }: Pick<Shard, 'firstIdentity' | 'images'>,
  { count, embeddings, embeddingSize }: InquirySet,
): SampleJob => ({
  first: firstIdentity,
  identities: count,
  images,
  conditionsOf: (identity) => {
    const row = identity - firstIdentity;
    return { identity: embeddings.subarray(row * embeddingSize, (row + 1) * embeddingSize) };
  },
});
