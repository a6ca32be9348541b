import { describe, expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { contentKey } from '../../store/blobs.ts';
import { memoryStore } from '../helpers/memory-store.ts';

describe('bytes that are put again', () => {
  const bytes = Buffer.from('the same');
  const key = contentKey('blobs', digestOf(bytes));
  const opened = () => {
    const store = memoryStore();
    const { objects } = store;
    const written: string[] = [];
    const put = objects.put.bind(objects);
    objects.put = async (name, ...rest) => {
      written.push(name);
      return put(name, ...rest);
    };
    return { store, objects, written };
  };

  it('are read first once bytes were found there, and not sent', async () => {
    const { store, written } = opened();
    for (let i = 0; i < 5; i++) await store.putFile('x', bytes, 'x/y');
    // The first is written, the second refused.
    expect(written).toEqual([key, key]);
  });

  it('are mended where they are damaged or gone, also when they are read first', async () => {
    const { store, objects, written } = opened();
    for (let i = 0; i < 3; i++) await store.putFile('x', bytes, 'x/y');
    objects.map.set(key, Buffer.from('damaged'));
    await store.putFile('x', bytes, 'x/y');
    expect(await store.getBlob(digestOf(bytes))).toEqual(bytes);
    await objects.remove(key);
    await store.putFile('x', bytes, 'x/y');
    expect(await store.getBlob(digestOf(bytes))).toEqual(bytes);
    expect(written.length).toBeLessThan(7);
  });

  it('are written at once where the bytes before were new', async () => {
    const { store, objects, written } = opened();
    let reads = 0;
    const read = objects.getHashed.bind(objects);
    objects.getHashed = (name) => {
      reads++;
      return read(name);
    };
    await store.putFile('x', bytes, 'x/y');
    await store.putFile('x', bytes, 'x/y');
    await store.putFile('y', Buffer.from('new'), 'x/y');
    reads = 0;
    await store.putFile('z', Buffer.from('newer'), 'x/y');
    expect(reads).toBe(0);
    expect(written).toHaveLength(4);
  });
});
