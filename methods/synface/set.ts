import { type DatasetMeta, datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { drawnPeople } from '../../artifacts/people.ts';
import { joinShards } from '../../artifacts/shards.ts';
import { type SoftLabels, writeSoftLabels } from '../../artifacts/soft-labels.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { IdentityRange } from '../../core/shards.ts';
import type { StageContext } from '../../core/stage.ts';
import { type Identity, identityVector } from '../../faces/identity.ts';
import { blend, type Mix, mixesOf, poolOf } from './mixup.ts';

/** Whom a set shows: `schemas/shared/mixup.json`. */
export interface SetParams {
  readonly identities: number;
  readonly images: number;
  readonly population: string;
  readonly mixup: boolean;
  readonly mixAmong: number;
}

/** Whom a shard shows. */
export type Portraits = {
  readonly population: string;
  readonly first: number;
  readonly count: number;
  /** Of each identity. */
  readonly images: number;
  /** The identities that they mix with; null where nobody is mixed. */
  readonly pool: (IdentityRange & JsonObject) | null;
};

/** An image to be made. */
export interface Portrait {
  readonly identity: number;
  readonly image: number;
  /** Whom it shows: the factors are those of the mixture. */
  readonly person: Identity;
}

/**
 * Cuts at multiples of `size`, and of `mixAmong`, so that the identities of a shard mix with the same others.
 *
 * @throws CemiflowError `MixupAlone` where an identity has no other to be mixed with
 */
export const shardsOfSet = (params: SetParams, size: number): Portraits[] => {
  const { identities, images, population, mixup, mixAmong } = params;
  if (mixup && identities === 1)
    throw new CemiflowError('MixupAlone', 'one identity has no other to be mixed with', {
      remedy: 'ask for at least 2 identities, or set mixup to false',
      data: { identities },
    });
  const boundary = (from: number, every: number): number => (Math.floor(from / every) + 1) * every;
  const shards: Portraits[] = [];
  for (let first = 0; first < identities; ) {
    const next = Math.min(identities, boundary(first, size), mixup ? boundary(first, mixAmong) : identities);
    const pool = mixup ? poolOf(first, { identities, among: mixAmong }) : null;
    shards.push({ population, first, count: next - first, images, pool });
    first = next;
  }
  return shards;
};

/** The images of a shard, in order. */
export function* portraitsOf({ population, first, count, images, pool }: Portraits, seed: number): Generator<Portrait> {
  for (let identity = first; identity < first + count; identity++) {
    const own = identityVector(seed, identity, population);
    const mixes: readonly (Mix | undefined)[] = pool ? mixesOf(seed, identity, images, pool) : [];
    for (let image = 0; image < images; image++) {
      const mix = mixes[image];
      const person = mix ? blend(own, identityVector(seed, mix.second, population), mix.ratio) : own;
      yield { identity, image, person };
    }
  }
}

/** What the images of a whole set show, computed again from the seed. */
export const labelsOf = ({ identities, images, mixAmong }: SetParams, seed: number): SoftLabels => {
  const second = new Int32Array(identities * images);
  const ratio = new Float32Array(identities * images);
  for (let identity = 0; identity < identities; identity++) {
    const pool = poolOf(identity, { identities, among: mixAmong });
    for (const [image, mix] of mixesOf(seed, identity, images, pool).entries()) {
      second[identity * images + image] = mix.second;
      ratio[identity * images + image] = mix.ratio;
    }
  }
  return { second, ratio };
};

/**
 * One dataset of all shards, with the labels of its mixtures. Shards hold images alone: most of those whom their images are mixed with are in
 * other shards.
 */
export const joinSet = async (
  params: SetParams,
  shards: readonly Outputs[],
  { seed, store }: Pick<StageContext, 'seed' | 'store'>,
): Promise<Outputs> => {
  const { identities, images, population, mixup } = params;
  const parts = await Promise.all(shards.map(({ data }) => datasetCodec.read(store, data as ArtifactRef)));
  const [{ height, width, peopleShown }] = parts.map(({ meta }) => meta) as [DatasetMeta];
  const meta = {
    ...({ origin: 'generated', peopleShown } as const),
    ...{ identities, images: identities * images, height, width, generatedImages: images, population, mixup },
    // A mixture shows two people in part, and some shares are 1 or 0: whoever compares sets must find them. A model paints nobody whom
    // the program drew.
    ...(peopleShown === 'drawn' && { people: [drawnPeople(seed, population, 0, identities)] }),
  };
  const files = joinShards(parts.map(({ files }) => files));
  const labels = mixup ? [await writeSoftLabels(store, labelsOf(params, seed))] : [];
  return { data: await datasetCodec.write(store, meta, [...files, ...labels]) };
};
