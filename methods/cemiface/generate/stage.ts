import { inquiriesCodec } from '../../../artifacts/codecs/inquiries.ts';
import { weightsCodec } from '../../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { Json, JsonObject } from '../../../core/errors.ts';
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
import { generatorMetaOf } from '../weights.ts';
import { type DdimOptions, withCemiFace } from './generator.ts';
import { checkMixture, isGrid, similarityMeta, similarityOf, type WantedSimilarity } from './wanted-similarity.ts';

/** `schema.json` */
interface Params extends DdimOptions {
  readonly generator: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly m: WantedSimilarity;
  readonly identities: number;
  readonly images: number;
  readonly oversample: number;
  readonly shardIdentities: number;
}

/** One shard: what it needs and nothing else, so that a set that grows keeps the shards that it had. */
type Shard = JsonObject &
  DdimOptions & {
    readonly generator: ArtifactRef & JsonObject;
    /** The inquiries of this shard alone. */
    readonly inquiries: ArtifactRef & JsonObject;
    readonly firstIdentity: number;
    readonly m: WantedSimilarity & Json;
    readonly images: number;
    readonly oversample: number;
  };

/** `diffusion/generate`: images around each inquiry image. */
export const stage: ShardedStageKind<Params, Shard> = {
  split: (params, context) => withInput(context, copies, (input) => split(params, input)),
  runShard: (shard, context) => generate(shard, context),
  join: async (_params, shards, { store }) => ({ data: await joinDatasets(shards, store) }),
};

const split = async (params: Params, input: InputContext<CopyRecipe>): Promise<Shard[]> => {
  const { store } = input;
  checkMixture(params.m);
  const all = await conditioned(await loadInquiries(store, params.inquiries, loading(input)), params, input);
  const count = countOf(all, params.identities);
  const facts = await shardFacts(params, input);
  const { m, steps, batch, eta, epsilon, precision } = params;
  const images = isGrid(m) ? m.length : params.images;
  const shards: Shard[] = [];
  for (const { from, count: size } of shardRanges(count, wholeBatches(params.shardIdentities, { images, batch }))) {
    const slice = sliceInquiries(all, from, from + size);
    shards.push({
      generator: { ...params.generator },
      inquiries: { ...(await saveInquiries(store, slice, facts)) },
      firstIdentity: from,
      m: structuredClone(m) as Shard['m'],
      images,
      oversample: isGrid(m) ? 0 : params.oversample,
      ...{ steps, batch, eta, epsilon, precision },
    });
  }
  return shards;
};

/** What is stated of a shard's inquiries: nothing that changes when the set grows. */
const shardFacts = async ({ generator, inquiries }: Params, { store }: InputContext<CopyRecipe>) => {
  const { recognizer } = generatorMetaOf(await weightsCodec.read(store, generator));
  const { maxSimilarity } = (await inquiriesCodec.read(store, inquiries)).meta;
  return { recognizer, ...(maxSimilarity === undefined ? {} : { maxSimilarity }) };
};

/**
 * The inquiries with C_id = E_id(image) by the very recognizer that the generator was trained with: the one that selected
 * them may be another (the paper selects by a stronger one). Inquiries that are vectors are C_id themselves.
 *
 * @throws CemiflowError `RecognizerMismatch` where vectors lie in the space of another recognizer, `InquiriesWithoutImages` where
 * copies of their images are asked for
 */
const conditioned = async (
  inquiries: InquirySet,
  { generator, inquiries: ref, m, oversample, precision }: Params,
  input: InputContext<CopyRecipe>,
): Promise<InquirySet> => {
  const { recognizer: digest } = generatorMetaOf(await weightsCodec.read(input.store, generator));
  const { pictures, rows } = inquiries;
  if (pictures === undefined) {
    requireSpace(ref, inquiries, digest, 'make the vectors with the recognizer that the generator was trained with');
    if (oversample > 0 && !isGrid(m)) requireImages(ref, inquiries, 'set oversample: 0');
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
  const { network } = generatorMetaOf(await weightsCodec.read(store, shard.generator));
  const [height, width] = [network.imageSize, network.imageSize];
  const size = height * width * 3;
  const generated = await withCemiFace(store, shard.generator, shard, (sampler) =>
    sampler.sample(jobOf(shard, inquiries, context.seed), context),
  );
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
  return { data: await writer.finish({ origin: 'generated', peopleShown: 'generated', ...conditionMeta(shard) }) };
};

const jobOf = (
  { firstIdentity, images, m }: Shard,
  { count, embeddings, embeddingSize }: InquirySet,
  seed: number,
): SampleJob => ({
  first: firstIdentity,
  identities: count,
  images,
  conditionsOf: (identity, image) => {
    const row = identity - firstIdentity;
    return {
      identity: embeddings.subarray(row * embeddingSize, (row + 1) * embeddingSize),
      m: [similarityOf(m, { seed, identity, image })],
    };
  },
  // All images of a grid's row start from the same noise, so that only m varies.
  ...(isGrid(m) ? { noiseOf: () => 0 } : {}),
});

const conditionMeta = ({ m, images, oversample }: Pick<Shard, 'm' | 'images' | 'oversample'>): JsonObject => ({
  generatedImages: images,
  oversample,
  ...similarityMeta(m),
});
