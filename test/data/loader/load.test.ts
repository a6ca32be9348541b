import { expect, it } from 'vitest';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { memoryStore } from '../../helpers/memory-store.ts';

it('numbers classes by ascending identity, in whatever order a set holds them', async () => {
  const store = memoryStore();
  const writer = new DatasetWriter(store, { height: 2, width: 2 });
  for (const identity of [7, 2, 30, 2]) {
    const image = identity === 2 ? writer.counts().images : 0;
    await writer.add({ identity, image, pixels: new Uint8Array(12).fill(identity) });
  }
  const data = await loadDataset(store, await writer.finish({ origin: 'procedural', peopleShown: 'drawn' }));
  expect([...data.identities]).toEqual([7, 2, 30, 2]);
  expect([...data.labels]).toEqual([1, 0, 2, 0]);
  expect(data.classes).toBe(3);
});
