import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { drawnPeople } from '../../artifacts/people.ts';
import { joinShards } from '../../artifacts/shards.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { ShardedStageKind } from '../../core/stage.ts';
import { identityVector } from '../../faces/identity.ts';
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

/** Shards begin at multiples of this, wherever the set begins and ends, so that a grown set reuses whole shards. */
const shardIdentities = 50;

/** `data/procedural`: draws a set of people. A shard's parameters name only its people and how they are photographed. */
export const stage: ShardedStageKind<Params, Part> = {
  async split({ identities, firstIdentity, ...photo }) {
    const parts: Part[] = [];
    const end = firstIdentity + identities;
    for (let first = firstIdentity; first < end; ) {
      const next = Math.min(end, (Math.floor(first / shardIdentities) + 1) * shardIdentities);
      parts.push({ ...photo, first, count: next - first });
      first = next;
    }
    return parts;
  },

  async runShard({ first, count, images, size, population, variation, wear }, context) {
    const { seed, store } = context;
    const writer = new DatasetWriter(store, { height: size, width: size });
    for (let i = 0; i < count; i++) {
      const identity = identityVector(seed, first + i, population);
      for (let image = 0; image < images; image++) {
        const photo = photoVector(seed, identity, image, { ...everyday, variation, wear });
        await writer.add({ identity: identity.index, image, pixels: renderFace(identity, photo, size) });
        await context.progress({ phase: 'draw faces', step: i * images + image + 1, steps: count * images });
      }
    }
    const people = [drawnPeople(seed, population, first, count)];
    return { data: await writer.finish({ origin: 'procedural', peopleShown: 'drawn', population, people }) };
  },

  async join({ identities, firstIdentity, images, size, population }, parts, { seed, store }) {
    const refs = parts.map((part: Outputs) => part.data as ArtifactRef);
    const manifests = await Promise.all(refs.map((ref) => store.getArtifact(ref)));
    const files = joinShards(manifests.map((manifest) => manifest.files));
    const meta = {
      ...({ origin: 'procedural', peopleShown: 'drawn' } as const),
      population,
      people: [drawnPeople(seed, population, firstIdentity, identities)],
      identities,
      images: identities * images,
      height: size,
      width: size,
    };
    return { data: await datasetCodec.write(store, meta, files) };
  },
};
