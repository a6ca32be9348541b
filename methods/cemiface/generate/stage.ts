import { weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { Json, JsonObject } from '../../../core/errors.ts';
import type { ShardedStageKind, StageContext } from '../../../core/stage.ts';
import { type InquirySet, loadInquiries } from '../../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { joinDatasets } from '../../../training/diffusion/join.ts';
import type { SampleJob } from '../../../training/diffusion/sample.ts';
import { embeddedInquiries, subjectShards, writeSubjects } from '../../../training/diffusion/subjects.ts';
import { type InputContext, loading, withInput } from '../../../training/input.ts';
import { generatorMetaOf } from '../weights.ts';
import { type DdimOptions, withCemiFace } from './generator.ts';
import { checkMixture, isGrid, similarityMeta, similarityOf, type WantedSimilarity } from './wanted-similarity.ts';

/** `schema.json` */
interface Params extends DdimOptions {
  readonly generator: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly m: WantedSimilarity;
  readonly identities: number;
  readonly skip: number;
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
  const { generator, inquiries, m, steps, batch, eta, epsilon, precision } = params;
  checkMixture(m);
  const { recognizer } = generatorMetaOf(await weightsCodec.read(store, generator));
  const [images, oversample] = isGrid(m) ? [m.length, 0] : [params.images, params.oversample];
  const found = await loadInquiries(store, inquiries, loading(input));
  const all = await embeddedInquiries(inquiries, found, { recognizer, copies: oversample > 0, precision }, input);
  return (await subjectShards(store, all, { ...params, images }, recognizer)).map((shard) => ({
    generator: { ...generator },
    ...shard,
    m: structuredClone(m) as Shard['m'],
    ...{ images, oversample, steps, batch, eta, epsilon, precision },
  }));
};

const generate = async (shard: Shard, context: StageContext): Promise<Outputs> => {
  const { store } = context;
  const inquiries = await loadInquiries(store, shard.inquiries);
  return withCemiFace(store, shard.generator, shard, async (sampler) => {
    const pixels = await sampler.sample(jobOf(shard, inquiries, context.seed), context);
    return { data: await writeSubjects(store, pixels, sampler.size, { ...shard, inquiries }, similarityMeta(shard.m)) };
  });
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
