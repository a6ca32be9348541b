import { describe, expect, it } from 'vitest';
import { countImages, datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { readSoftLabels, type SoftLabels, softLabelsFile, writeSoftLabels } from '../../artifacts/soft-labels.ts';
import type { FileEntry } from '../../core/artifact.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { encodeSafetensors } from '../../formats/safetensors.ts';
import { toyDataset } from '../activities/toy.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const store = memoryStore();
const labels: SoftLabels = { second: Int32Array.of(1, 1, 0, 0), ratio: Float32Array.of(0, 0.25, 0.5, 1) };

/** A set of two people and four images, with a file of labels. */
const labelled = async (file: FileEntry) => {
  const { meta, files } = await store.getArtifact(await toyDataset(store, 2, 2));
  return datasetCodec.read(store, await store.putArtifact({ type: 'dataset', meta, files: [...files, file] }));
};

describe('soft labels', () => {
  it('come back as they were written, and leave the images readable and countable', async () => {
    const artifact = await labelled(await writeSoftLabels(store, labels));
    expect(await readSoftLabels(store, artifact)).toEqual(labels);
    expect(await countImages(artifact, store)).toEqual({ identities: 2, images: 4 });
    expect([...(await loadDataset(store, artifact.ref)).identities]).toEqual([0, 0, 1, 1]);
  });

  it('are undefined of a set that has none', async () => {
    const plain = await datasetCodec.read(store, await toyDataset(store, 2, 2));
    expect(await readSoftLabels(store, plain)).toBeUndefined();
  });

  it('are refused where there are fewer than images', async () => {
    const short = { second: Int32Array.of(1), ratio: Float32Array.of(1) };
    const artifact = await labelled(await writeSoftLabels(store, short));
    await expect(readSoftLabels(store, artifact)).rejects.toMatchObject({
      code: 'ArtifactInvalid',
      message: expect.stringContaining('second must be I32 [4], got I32 [1]'),
    });
  });

  it.each([
    ['an identity below 0', { ...labels, second: Int32Array.of(1, -1, 0, 0) }],
    ['a share above 1', { ...labels, ratio: Float32Array.of(0, 1.5, 0, 0) }],
    ['a share below 0', { ...labels, ratio: Float32Array.of(0, -0.5, 0, 0) }],
    ['a share that is no number', { ...labels, ratio: Float32Array.of(0, Number.NaN, 0, 0) }],
  ])('are refused with %s, on both ways', async (_, wrong) => {
    await expect(writeSoftLabels(store, wrong)).rejects.toMatchObject({ code: 'SoftLabelsInvalid' });
    const tensors = {
      second: { dtype: 'I32', shape: [4], data: wrong.second },
      ratio: { dtype: 'F32', shape: [4], data: wrong.ratio },
    } as const;
    const file = await store.putFile(softLabelsFile, encodeSafetensors(tensors), 'application/octet-stream');
    await expect(readSoftLabels(store, await labelled(file))).rejects.toMatchObject({
      code: 'ArtifactInvalid',
      message: expect.stringContaining('at 1'),
    });
  });

  it('are refused on writing where the columns differ in length', async () => {
    const uneven = { second: Int32Array.of(1), ratio: Float32Array.of(1, 1) };
    await expect(writeSoftLabels(store, uneven)).rejects.toMatchObject({ code: 'SoftLabelsInvalid' });
  });
});
