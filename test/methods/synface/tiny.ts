import { stage as procedural } from '../../../activities/data-procedural/stage.ts';
import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ArtifactStore, ShardedStageKind, StageContext } from '../../../core/stage.ts';
import { identitySize } from '../../../methods/synface/people.ts';
import type { VaeConfig } from '../../../methods/synface/vae/config.ts';
import { vaeParameters } from '../../../methods/synface/vae/layers.ts';
import { initialise } from '../../../nn/parameters.ts';
import { toSafetensors } from '../../../nn/weights.ts';
import { float32 } from '../../activities/toy.ts';

/** Side of the drawn images. */
export const side = 16;

/** The smallest network that has every kind of part. */
export const tinyNetwork = { patch: 2, base: 4, multipliers: [1, 2], blocks: 1, groups: 2, hidden: 16, latent: 4 };

export const tinyVae: VaeConfig = { ...tinyNetwork, imageSize: side, identitySize };

export const trainParams = {
  network: tinyNetwork,
  ...{ deviation: 0.2, beta: 1, epochs: 12, batch: 8, microBatch: 0, lr: 0.01, warmup: 2, decay: 'cosine' as const },
  ...float32,
};

const set = { identities: 5, images: 4, population: 'synface', mixup: true, mixAmong: 10 };
export const generateParams = { ...set, truncation: 0.7, batch: 4, shardIdentities: 2, ...float32 };
export const drawParams = { ...set, size: side, variation: 1, wear: 0.5, shardIdentities: 2 };

/** All shards of a sharded stage, joined. */
export const wholeOf = async <P>(kind: ShardedStageKind<P>, params: P, context: StageContext): Promise<ArtifactRef> => {
  const made: Outputs[] = [];
  for (const shard of await kind.split(params, context)) made.push(await kind.runShard(shard, context));
  return (await kind.join(params, made, context)).data as ArtifactRef;
};

/** People that the program drew. */
export const drawnFaces = (
  context: StageContext,
  { identities = 4, images = 4, size = side, firstIdentity = 0, population = 'train' } = {},
): Promise<ArtifactRef> =>
  wholeOf(
    procedural as unknown as ShardedStageKind<object>,
    { identities, images, size, firstIdentity, population, variation: 1, wear: 0.5 },
    context,
  );

/** Stores a generator as it begins. */
export const putGenerator = (store: ArtifactStore, seed = 1, config: VaeConfig = tinyVae): Promise<ArtifactRef> => {
  const parameters = vaeParameters(config);
  const network = JSON.parse(JSON.stringify({ family: 'conditional-vae', ...config }));
  return writeWeights(store, toSafetensors(initialise(parameters, seed), parameters), { network });
};
