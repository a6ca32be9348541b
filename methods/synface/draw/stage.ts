import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { JsonObject } from '../../../core/errors.ts';
import type { ShardedStageKind } from '../../../core/stage.ts';
import { everyday, photoVector } from '../../../faces/photo.ts';
import { renderFace } from '../../../faces/render.ts';
import { joinSet, type Portraits, portraitsOf, type SetParams, shardsOfSet } from '../set.ts';

/** How people are photographed. */
interface PhotoParams extends JsonObject {
  readonly size: number;
  readonly variation: number;
  readonly wear: number;
}

/** `schema.json` */
type Params = SetParams & PhotoParams & { readonly shardIdentities: number };
type Shard = Portraits & PhotoParams;

/** `synface/draw`: mixtures of people, drawn by the program that draws people. */
export const stage: ShardedStageKind<Params, Shard> = {
  split: async ({ size, variation, wear, shardIdentities, ...set }) =>
    shardsOfSet(set, shardIdentities).map((portraits) => ({ ...portraits, size, variation, wear })),

  async runShard({ size, variation, wear, ...portraits }, { seed, store, progress }) {
    const steps = portraits.count * portraits.images;
    const writer = new DatasetWriter(store, { height: size, width: size });
    let step = 0;
    for (const { identity, image, person } of portraitsOf(portraits, seed)) {
      const photo = photoVector(seed, person, image, { ...everyday, variation, wear });
      await writer.add({ identity, image, pixels: renderFace(person, photo, size) });
      await progress({ phase: 'draw faces', step: ++step, steps });
    }
    const generatedImages = portraits.images;
    return { data: await writer.finish({ origin: 'generated', peopleShown: 'drawn', generatedImages }) };
  },

  join: joinSet,
};
