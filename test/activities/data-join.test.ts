import { describe, expect, it } from 'vitest';
import { stage } from '../../activities/data-join/stage.ts';
import { datasetCodec, readNames } from '../../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { drawnPeople, namesFile } from '../../artifacts/people.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import { writeSoftLabels } from '../../artifacts/soft-labels.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { side, toyContext, toyDataset, toyPixels } from './toy.ts';

const context = toyContext();
const { store } = context;

const join = async (sets: readonly ArtifactRef[], numbers: 'own' | 'shared' = 'own'): Promise<ArtifactRef> =>
  (await stage.run({ sets, numbers }, context)).data as ArtifactRef;
/** Every image of a set: `identity/image`, and its file. */
const imagesOf = async (ref: ArtifactRef): Promise<[string, string][]> => {
  const found: [string, string][] = [];
  for (const { path, digest } of shardsOf((await store.getArtifact(ref)).files))
    for (const { identity, image, bytes } of unpackShard(await store.getBlob(digest), path))
      found.push([`${identity}/${image}`, Buffer.from(bytes).toString('base64')]);
  return found;
};
const namesIn = async (ref: ArtifactRef): Promise<string[]> => (await imagesOf(ref)).map(([name]) => name);
const shardDigests = async (ref: ArtifactRef): Promise<string[]> =>
  shardsOf((await store.getArtifact(ref)).files).map(({ digest }) => digest);

/** A set of one image for each identity from `first` on, with what its manifest is to state. */
const setWith = async (first: number, count: number, facts: JsonObject, names?: readonly string[]) => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (let identity = first; identity < first + count; identity++)
    await writer.add({ identity, image: 0, pixels: toyPixels(identity, 0) });
  const ref = await writer.finish({ peopleShown: 'drawn', ...facts });
  if (!names) return ref;
  const { meta, files } = await store.getArtifact(ref);
  const file = await store.putFile(namesFile, Buffer.from(JSON.stringify(names)), 'application/json');
  return store.putArtifact({ type: 'dataset', meta, files: [...files, file] });
};

describe('data/join', () => {
  it('numbers the people of each set on from those before, images to the byte and in their order', async () => {
    // Identities 3 and 4; the numbers of those that follow begin behind them.
    const [a, b] = [await toyDataset(store, 2, 2, 3), await toyDataset(store, 2, 1)];
    const whole = await join([a, b, a]);
    expect(await namesIn(whole)).toEqual(['3/0', '3/1', '4/0', '4/1', '5/0', '6/0', '10/0', '10/1', '11/0', '11/1']);
    const bytes = async (ref: ArtifactRef): Promise<string[]> => (await imagesOf(ref)).map(([, each]) => each);
    expect(await bytes(whole)).toEqual([...(await bytes(a)), ...(await bytes(b)), ...(await bytes(a))]);
    expect((await datasetCodec.read(store, whole)).meta).toMatchObject({ identities: 6, images: 10, height: side });
    expect((await shardDigests(whole))[0]).toBe((await shardDigests(a))[0]);
  });

  it('takes the same number for the same person where asked, and numbers the images on', async () => {
    const [a, b] = [await toyDataset(store, 2, 2), await toyDataset(store, 2, 1, 1)];
    const whole = await join([a, b], 'shared');
    expect(await namesIn(whole)).toEqual(['0/0', '0/1', '1/0', '1/1', '1/2', '2/0']);
    expect((await datasetCodec.read(store, whole)).meta).toMatchObject({ identities: 3, images: 6 });
  });

  it('keeps all shards where no number changes: parts of one set, made apart', async () => {
    const [a, b] = [await toyDataset(store, 2, 2), await toyDataset(store, 3, 1, 2)];
    const whole = await join([a, b], 'shared');
    expect(await shardDigests(whole)).toEqual([...(await shardDigests(a)), ...(await shardDigests(b))]);
    expect(await namesIn(whole)).toEqual(['0/0', '0/1', '1/0', '1/1', '2/0', '3/0', '4/0']);
  });

  it('states what the sets agree on, whom they show at most, and every licence', async () => {
    const common = { origin: 'generated', m: 0, steps: 20, oversample: 5 };
    const generated = await setWith(0, 1, { ...common, generatedImages: 1, peopleShown: 'generated', licence: 'CC0' });
    const other = await setWith(0, 1, { ...common, generatedImages: 2, peopleShown: 'generated' });
    const joined = await store.getArtifact(await join([generated, other]));
    expect(joined.meta).toEqual({
      ...{ ...common, licence: 'CC0; not stated', identities: 2, images: 2, height: side, width: side },
      joined: { of: [generated.digest, other.digest], numbers: 'own' },
    });
    const real = await setWith(0, 1, { peopleShown: 'real', consent: 'Given.' });
    const mixed = await datasetCodec.read(store, await join([generated, real]));
    expect(mixed.meta).toMatchObject({
      peopleShown: 'real',
      licence: 'CC0; not stated',
      consent: 'not stated; Given.',
    });
    expect(mixed.meta.origin).toBeUndefined();
  });

  it('knows the people only where it knows those of every set', async () => {
    const people = (first: number): JsonObject => ({
      people: [drawnPeople(7, 'train', first, 1)],
      origin: 'procedural',
    });
    const [a, b, unknown] = [await setWith(0, 1, people(4)), await setWith(0, 1, people(9)), await setWith(0, 1, {})];
    const of = async (sets: ArtifactRef[], numbers: 'own' | 'shared' = 'own') =>
      (await datasetCodec.read(store, await join(sets, numbers))).meta.people.map(({ first }) => first);
    expect(await of([a, b])).toEqual([4, 9]);
    expect(await of([a, a], 'shared')).toEqual([4]);
    expect(await of([a, unknown])).toEqual([]);
  });

  it('keeps names at the places of their people', async () => {
    const [a, b] = [await setWith(0, 2, {}, ['Ann', 'Bob']), await setWith(1, 1, {}, ['', 'Cyd'])];
    const names = async (ref: ArtifactRef) => readNames(store, await datasetCodec.read(store, ref));
    expect(await names(await join([a, await setWith(0, 1, {}), b]))).toEqual(['Ann', 'Bob', '', '', 'Cyd']);
    await expect(join([a, b], 'shared')).rejects.toMatchObject({
      code: 'NamesDiffer',
      message: 'identity 1 is called Bob in one set and Cyd in another',
    });
  });

  it('refuses images of another size, and mixtures', async () => {
    const plain = await toyDataset(store, 2, 1);
    const writer = new DatasetWriter(store, { height: 4, width: 4 });
    await writer.add({ identity: 0, image: 0, pixels: new Uint8Array(48) });
    const small = await writer.finish({ peopleShown: 'drawn' });
    await expect(join([plain, small])).rejects.toMatchObject({
      code: 'DatasetsUnlike',
      data: { dataset: small.digest },
    });
    const { meta, files } = await store.getArtifact(plain);
    const labels = await writeSoftLabels(store, { second: Int32Array.of(1, 0), ratio: Float32Array.of(0.5, 1) });
    const mixed = await store.putArtifact({ type: 'dataset', meta, files: [...files, labels] });
    await expect(join([plain, mixed])).rejects.toMatchObject({ code: 'JoinOfMixtures' });
  });
});
