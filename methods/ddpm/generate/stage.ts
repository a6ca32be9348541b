import { readWeights, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { JsonObject } from '../../../core/errors.ts';
import { shardRanges, wholeBatches } from '../../../core/shards.ts';
import type { ArtifactStore, ShardedStageKind, StageContext } from '../../../core/stage.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import type { EpsilonKind, SamplerKind } from '../../../nn/diffusion/steps.ts';
import { tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { joinDatasets } from '../../../training/diffusion/join.ts';
import { Sampler, withSampler } from '../../../training/diffusion/sample.ts';
import { ddpmDenoiser } from '../network.ts';
import { generatorMetaOf } from '../weights.ts';

interface SamplingParams extends PrecisionOption {
  readonly sampler: SamplerKind['type'];
  readonly steps: number;
  readonly eta: number;
  readonly epsilon: EpsilonKind;
  readonly batch: number;
}

/** `schema.json` */
interface Params extends SamplingParams {
  readonly generator: ArtifactRef;
  readonly identities: number;
  readonly shardIdentities: number;
}

type Shard = JsonObject &
  SamplingParams & {
    readonly generator: ArtifactRef & JsonObject;
    readonly firstIdentity: number;
    readonly identities: number;
  };

/** `ddpm/generate`: images of people whom nobody asked for, each under a number of its own. */
export const stage: ShardedStageKind<Params, Shard> = {
  split: async ({ generator, identities, shardIdentities, ...sampling }) =>
    shardRanges(identities, wholeBatches(shardIdentities, { images: 1, batch: sampling.batch })).map(
      ({ from, count }): Shard => ({
        generator: { ...generator },
        firstIdentity: from,
        identities: count,
        ...samplingOf(sampling),
      }),
    ),
  runShard: (shard, context) => generate(shard, context),
  join: async (_params, shards, { store }) => ({ data: await joinDatasets(shards, store) }),
};

const samplingOf = ({ sampler, steps, eta, epsilon, batch, precision }: SamplingParams): SamplingParams => ({
  ...{ sampler, steps, eta, epsilon, batch, precision },
});

const generate = async (shard: Shard, context: StageContext): Promise<Outputs> => {
  const { firstIdentity, identities } = shard;
  const { sampler, steps, eta, epsilon, batch, precision } = shard;
  const key = `ddpm ${shard.generator.digest} ${sampler} ${steps} ${eta} ${epsilon} ${batch} ${precision}`;
  const job = { first: firstIdentity, identities, images: 1, conditionsOf: () => ({}) };
  return withSampler(
    key,
    () => load(context.store, shard),
    async (loaded) => {
      const [height, width] = loaded.size;
      const size = height * width * 3;
      const pixels = await loaded.sample(job, context);
      const writer = new DatasetWriter(context.store, { height, width });
      for (let k = 0; k < identities; k++)
        await writer.add({
          identity: firstIdentity + k,
          image: 0,
          pixels: pixels.subarray(k * size, (k + 1) * size),
        });
      return { data: await writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages: 1 }) };
    },
  );
};

const load = async (store: ArtifactStore, { generator, ...sampling }: Shard): Promise<Sampler> => {
  const { sampler: type, steps, eta, epsilon, batch, precision } = sampling;
  const artifact = await weightsCodec.read(store, generator);
  const { network, timesteps, snrFactor } = generatorMetaOf(artifact);
  const denoiser = ddpmDenoiser(network);
  const weights = fromSafetensors(await readWeights(store, artifact), denoiser.parameters);
  try {
    const sampler: SamplerKind = type === 'ancestral' ? { type } : { type, eta, epsilon };
    return new Sampler(weights, denoiser, { timesteps, snrFactor, steps, batch, precision, sampler });
  } finally {
    tf.dispose(weights);
  }
};
