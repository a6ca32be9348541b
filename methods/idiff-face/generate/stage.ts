import { weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { JsonObject } from '../../../core/errors.ts';
import type { ShardedStageKind, StageContext } from '../../../core/stage.ts';
import { type InquirySet, loadInquiries } from '../../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { joinDatasets } from '../../../training/diffusion/join.ts';
import type { SampleJob } from '../../../training/diffusion/sample.ts';
import { embeddedInquiries, subjectShards, writeSubjects } from '../../../training/diffusion/subjects.ts';
import { type InputContext, loading, withInput } from '../../../training/input.ts';
import { generatorMetaOf } from '../weights.ts';
import { type SamplingParams, withIDiffFace } from './generator.ts';

/** `schema.json` */
interface Params extends SamplingParams {
  readonly generator: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly identities: number;
  readonly skip: number;
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
  const { generator, inquiries, images, oversample, sampler, steps, eta, batch, precision } = params;
  const { recognizer } = generatorMetaOf(await weightsCodec.read(store, generator));
  const found = await loadInquiries(store, inquiries, loading(input));
  const all = await embeddedInquiries(inquiries, found, { recognizer, copies: oversample > 0, precision }, input);
  return (await subjectShards(store, all, params, recognizer)).map((shard) => ({
    generator: { ...generator },
    ...shard,
    ...{ images, oversample, sampler, steps, eta, batch, precision },
  }));
};

const generate = async (shard: Shard, context: StageContext): Promise<Outputs> => {
  const { store } = context;
  const inquiries = await loadInquiries(store, shard.inquiries);
  return withIDiffFace(store, shard.generator, shard, async (sampler) => {
    const pixels = await sampler.sample(jobOf(shard, inquiries), context);
    return { data: await writeSubjects(store, pixels, sampler.size, { ...shard, inquiries }) };
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
