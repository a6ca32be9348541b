import type { JsonObject } from '../../core/errors.ts';
import type { ShardedStageKind } from '../../core/stage.ts';
import { drawnShards, drawShard, joinDrawn } from '../../faces/drawn-set.ts';
import { everyday, photoVector } from '../../faces/photo.ts';
import { renderFace } from '../../faces/render.ts';

/** What a photo depends on, beside the person. */
interface PhotoParams extends JsonObject {
  readonly images: number;
  readonly size: number;
  readonly population: string;
  readonly variation: number;
  readonly wear: number;
}
type Params = PhotoParams & { readonly identities: number; readonly firstIdentity: number };
/** A shard: some people in a row. */
type Part = PhotoParams & { readonly first: number; readonly count: number };

/** `data/procedural`: draws a set of people. A shard's parameters name only its people and how they are photographed. */
export const stage: ShardedStageKind<Params, Part> = {
  split: async ({ identities, firstIdentity, ...photo }) =>
    drawnShards(firstIdentity, identities).map((part) => ({ ...photo, ...part })),
  runShard: (part, context) => {
    const { seed } = context;
    const { size, variation, wear } = part;
    return drawShard(part, context, (identity, image) =>
      renderFace(identity, photoVector(seed, identity, image, { ...everyday, variation, wear }), size),
    );
  },
  join: joinDrawn,
};
