import { loadWeights } from '../../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { JsonObject } from '../../../core/errors.ts';
import { shardRanges } from '../../../core/shards.ts';
import type { ArtifactStore, ShardedStageKind, StageContext } from '../../../core/stage.ts';
import { type ImageSet, pixelsOf } from '../../../data/images.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import { tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { joinDatasets } from '../../../training/diffusion/join.ts';
import { Sampler, withSampler } from '../../../training/diffusion/sample.ts';
import { pairDenoiser, pairNetwork } from '../network.ts';

/** `schema.json` */
interface Params extends PrecisionOption {
  readonly generator: ArtifactRef;
  readonly partners: ArtifactRef;
  readonly images: number;
  readonly steps: number;
  readonly batch: number;
  readonly shardIdentities: number;
}

type Shard = JsonObject &
  PrecisionOption & {
    readonly generator: ArtifactRef & JsonObject;
    readonly partners: ArtifactRef & JsonObject;
    readonly first: number;
    readonly identities: number;
    readonly images: number;
    readonly steps: number;
    readonly batch: number;
  };

export const stage: ShardedStageKind<Params, Shard> = {
  split: async ({ generator, partners, images, steps, batch, precision, shardIdentities }, { store }) => {
    const { classes } = await loadDataset(store, partners);
    return shardRanges(classes, shardIdentities).map(({ from, count }) => ({
      generator: { ...generator },
      partners: { ...partners },
      ...{ first: from, identities: count, images, steps, batch, precision },
    }));
  },
  runShard: (shard, context) => generate(shard, context),
  join: async (_params, shards, { store }) => ({ data: await joinDatasets(shards, store) }),
};

const generate = async (shard: Shard, context: StageContext): Promise<Outputs> => {
  const { store } = context;
  const { first, identities, images } = shard;
  const partners = await partnersOf(await loadDataset(store, shard.partners), first, identities);
  const load = (): Promise<Sampler> => loadSampler(store, shard);
  const key = `pair ${shard.generator.digest} ${shard.steps} ${shard.batch} ${shard.precision}`;
  const job = {
    ...{ first, identities, images },
    conditionsOf: (identity: number) => ({ partner: partners[identity - first] as Float32Array }),
  };
  return withSampler(key, load, async (sampler) => {
    const [height, width] = sampler.size;
    const pixels = await sampler.sample(job, context);
    const writer = new DatasetWriter(store, { height, width });
    const size = height * width * 3;
    for (let k = 0; k < identities * images; k++) {
      const image = pixels.subarray(k * size, (k + 1) * size);
      await writer.add({ identity: first + Math.floor(k / images), image: k % images, pixels: image });
    }
    return { data: await writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages: images }) };
  });
};

/** The first image of each identity, float32 [H, W, 3] in [-1, 1]. */
const partnersOf = (set: ImageSet, first: number, identities: number): Promise<Float32Array[]> =>
  Promise.all(
    Array.from({ length: identities }, async (_, i) => {
      const pixels = await pixelsOf(set, set.labels.indexOf(first + i));
      return Float32Array.from(pixels, (value) => value / 127.5 - 1);
    }),
  );

const loadSampler = async (store: ArtifactStore, { generator, steps, batch, precision }: Shard): Promise<Sampler> => {
  const { meta } = await store.getArtifact(generator);
  const { height, width } = meta.network as { height: number; width: number };
  const denoiser = pairDenoiser(pairNetwork(height, width));
  const weights = fromSafetensors(await loadWeights(store, generator), denoiser.parameters);
  try {
    const timesteps = meta.timesteps as number;
    return new Sampler(weights, denoiser, {
      timesteps,
      snrFactor: 1,
      steps,
      batch,
      precision,
      sampler: { type: 'ancestral' },
    });
  } finally {
    tf.dispose(weights);
  }
};
