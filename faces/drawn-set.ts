import { datasetCodec } from '../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../artifacts/dataset.ts';
import { drawnPeople } from '../artifacts/people.ts';
import { joinShards } from '../artifacts/shards.ts';
import type { Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { StageContext } from '../core/stage.ts';
import { type Identity, identityVector } from './identity.ts';

/** Some people in a row, of whom a program draws photos. */
export interface PeopleDrawn {
  readonly population: string;
  readonly images: number;
  /** Height and width in pixels. */
  readonly size: number;
}

/** Shards begin at multiples of this, wherever the set begins and ends, so that a grown set reuses whole shards. */
const shardIdentities = 50;

/** The people of each shard. */
export const drawnShards = (firstIdentity: number, identities: number): { first: number; count: number }[] => {
  const parts: { first: number; count: number }[] = [];
  const end = firstIdentity + identities;
  for (let first = firstIdentity; first < end; ) {
    const next = Math.min(end, (Math.floor(first / shardIdentities) + 1) * shardIdentities);
    parts.push({ first, count: next - first });
    first = next;
  }
  return parts;
};

const origin = { origin: 'procedural', peopleShown: 'drawn' } as const;

/** Draws and stores one shard. @param draw gives uint8 RGB [size, size, 3] */
export const drawShard = async (
  { first, count, images, size, population }: PeopleDrawn & { readonly first: number; readonly count: number },
  { seed, store, progress }: StageContext,
  draw: (identity: Identity, image: number) => Uint8Array,
): Promise<Outputs> => {
  const writer = new DatasetWriter(store, { height: size, width: size });
  for (let i = 0; i < count; i++) {
    const identity = identityVector(seed, first + i, population);
    for (let image = 0; image < images; image++) {
      await writer.add({ identity: identity.index, image, pixels: draw(identity, image) });
      await progress({ phase: 'draw faces', step: i * images + image + 1, steps: count * images });
    }
  }
  const people = [drawnPeople(seed, population, first, count)];
  return { data: await writer.finish({ ...origin, population, people }) };
};

/** The whole set of shards that were drawn. */
export const joinDrawn = async (
  {
    identities,
    firstIdentity,
    images,
    size,
    population,
  }: PeopleDrawn & { readonly identities: number; readonly firstIdentity: number },
  parts: readonly Outputs[],
  { seed, store }: StageContext,
): Promise<Outputs> => {
  const refs = parts.map((part) => part.data as ArtifactRef);
  const manifests = await Promise.all(refs.map((ref) => store.getArtifact(ref)));
  const people = [drawnPeople(seed, population, firstIdentity, identities)];
  const counts = { identities, images: identities * images, height: size, width: size };
  const files = joinShards(manifests.map((manifest) => manifest.files));
  return { data: await datasetCodec.write(store, { ...origin, population, people, ...counts }, files) };
};
