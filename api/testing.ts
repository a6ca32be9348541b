/** What the test of a stage kind of your own needs, as `cemiflow/testing`: docs/kinds.md. */

import { DatasetWriter } from '../artifacts/dataset.ts';
import { readSamples, type Sample } from '../artifacts/shards.ts';
import { type ArtifactManifest, type ArtifactRef, canonicalManifest, manifestDigest } from '../core/artifact.ts';
import { noCheckpoints } from '../core/checkpoint.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { CemiflowError, type Json } from '../core/errors.ts';
import { randomStream } from '../core/random.ts';
import type { ArtifactStore, StageContext } from '../core/stage.ts';

/** A store in memory, empty. */
export const memoryStore = (): ArtifactStore => {
  const blobs = new Map<Digest, Buffer>();
  const manifests = new Map<Digest, ArtifactManifest>();
  const found = <T>(value: T | undefined, digest: Digest): T => {
    if (value !== undefined) return value;
    throw new CemiflowError('BlobMissing', `nothing of the digest ${digest} is in the store`, {
      remedy: 'put it there before the stage reads it',
      data: { digest },
    });
  };
  return {
    putFile: async (path, bytes, mediaType) => {
      const digest = digestOf(bytes);
      blobs.set(digest, Buffer.from(bytes));
      return { path, digest, bytes: bytes.length, mediaType };
    },
    getBlob: async (digest) => found(blobs.get(digest), digest),
    putArtifact: async (manifest) => {
      const digest = manifestDigest(manifest);
      manifests.set(digest, canonicalManifest(manifest));
      return { type: manifest.type, digest };
    },
    getArtifact: async ({ digest }) => found(manifests.get(digest), digest),
  };
};

/** What a stage is given, with an empty store and without checkpoints; `more` takes the place of any part. */
export const testContext = (more: Partial<StageContext> = {}): StageContext => ({
  seed: 0,
  store: memoryStore(),
  signal: new AbortController().signal,
  checkpoints: noCheckpoints,
  progress: async () => {},
  log: () => {},
  ...more,
});

/** A dataset of coloured noise. @param size of its images, height and width */
export const noiseDataset = async (
  store: ArtifactStore,
  {
    identities = 2,
    images = 3,
    size = 8,
    seed = 0,
  }: { identities?: number; images?: number; size?: number; seed?: number } = {},
): Promise<ArtifactRef> => {
  const writer = new DatasetWriter(store, { height: size, width: size });
  for (let identity = 0; identity < identities; identity++)
    for (let image = 0; image < images; image++) {
      const uniform = randomStream(seed, identity, image);
      const pixels = Uint8Array.from({ length: size * size * 3 }, () => Math.floor(uniform() * 256));
      await writer.add({ identity, image, pixels });
    }
  return writer.finish({ peopleShown: 'drawn' });
};

/** All samples of a dataset. */
export const allSamples = async (store: ArtifactStore, data: ArtifactRef): Promise<Sample[]> => {
  const samples: Sample[] = [];
  for await (const sample of readSamples(store, data)) samples.push(sample);
  return samples;
};

/** The numbers that a stage put with `putNumbers`. */
export const readNumbers = async (store: ArtifactStore, metrics: ArtifactRef): Promise<Json> => {
  const { files } = await store.getArtifact(metrics);
  const file = files.find(({ path }) => path === 'metrics.json');
  return JSON.parse(`${await store.getBlob(file?.digest as Digest)}`).values;
};
