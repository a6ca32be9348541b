import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { JsonObject } from '../../../core/errors.ts';
import { wholeBatches } from '../../../core/shards.ts';
import type { ShardedStageKind, StageContext } from '../../../core/stage.ts';
import { joinSet, type Portraits, portraitsOf, type SetParams, shardsOfSet } from '../set.ts';
import { type PaintingParams, withPainter } from './painter.ts';

/** `schema.json` */
type Params = SetParams & PaintingParams & { readonly generator: ArtifactRef; readonly shardIdentities: number };
type Shard = JsonObject & Portraits & PaintingParams & { readonly generator: ArtifactRef & JsonObject };

/** `synface/generate`: mixtures of people who do not exist, by a generator of identity vectors. */
export const stage: ShardedStageKind<Params, Shard> = {
  split: async ({ generator, truncation, batch, precision, shardIdentities, ...set }) =>
    shardsOfSet(set, wholeBatches(shardIdentities, { images: set.images, batch })).map((portraits) => ({
      generator: { ...generator },
      ...portraits,
      ...{ truncation, batch, precision },
    })),
  runShard: (shard, context) => generate(shard, context),
  join: joinSet,
};

const generate = async (shard: Shard, context: StageContext): Promise<Outputs> => {
  const { store, seed } = context;
  const portraits = [...portraitsOf(shard, seed)];
  return withPainter(store, shard.generator, shard, async (painter) => {
    const pixels = await painter.paint(portraits, shard.first * shard.images, context);
    const writer = new DatasetWriter(store, { height: painter.size, width: painter.size });
    const values = painter.size ** 2 * 3;
    for (const [i, { identity, image }] of portraits.entries())
      await writer.add({ identity, image, pixels: pixels.subarray(i * values, (i + 1) * values) });
    const generatedImages = shard.images;
    return { data: await writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages }) };
  });
};
