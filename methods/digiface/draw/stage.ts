import type { JsonObject } from '../../../core/errors.ts';
import type { ShardedStageKind } from '../../../core/stage.ts';
import { drawnShards, drawShard, joinDrawn } from '../../../faces/drawn-set.ts';
import { renderFace } from '../../../faces/render.ts';
import { type HeadParams, headPhoto } from '../heads.ts';

/** What a photo depends on, beside the person. */
type PhotoParams = JsonObject &
  HeadParams & { readonly sets: number; readonly size: number; readonly population: string };
/** `schema.json` */
type Params = PhotoParams & { readonly identities: number; readonly firstIdentity: number };
/** A shard: some people in a row. */
type Part = PhotoParams & { readonly first: number; readonly count: number };

const imagesOf = ({ sets, imagesPerSet }: PhotoParams): number => sets * imagesPerSet;

/** `digiface/draw`: a set of rendered heads with sets of accessories. */
export const stage: ShardedStageKind<Params, Part> = {
  split: async ({ identities, firstIdentity, ...photo }) =>
    drawnShards(firstIdentity, identities).map((part) => ({ ...photo, ...part })),
  runShard: (part, context) =>
    drawShard({ ...part, images: imagesOf(part) }, context, (identity, image) =>
      renderFace(identity, headPhoto(context.seed, identity, image, part), part.size),
    ),
  join: (params, parts, context) => joinDrawn({ ...params, images: imagesOf(params) }, parts, context),
};
