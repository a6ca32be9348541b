import { describe, expect, it } from 'vitest';
import { getTensors, putTensors } from '../../artifacts/tensors.ts';
import type { FileEntry } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import { decodeSafetensors, type SafeTensor, type SafeTensors } from '../../formats/safetensors.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const floats = (...shape: number[]): SafeTensor => {
  const length = shape.reduce((a, b) => a * b, 1);
  return { dtype: 'F32', shape, data: Float32Array.from({ length }, (_, i) => Math.sin(i + shape.length)) };
};
const tensors: SafeTensors = {
  'stem.weight': floats(4, 3),
  'head.kernel': floats(10, 5),
  'head.bias': floats(10),
  rows: { dtype: 'I32', shape: [40], data: Int32Array.from({ length: 40 }, (_, i) => i) },
};
const store = memoryStore();
/** Files as those of an artifact. */
const of = (files: readonly FileEntry[]) => ({
  ref: { type: 'weights', digest: digestOf('artifact') } as const,
  files,
});
const split = () => putTensors(store, 'model', tensors, { fileBytes: 80 });
const json = async ({ digest }: FileEntry) => JSON.parse((await store.getBlob(digest)).toString());

describe('tensors in files', () => {
  it('stay in one file without an index where they fit', async () => {
    const files = await putTensors(store, 'model', tensors);
    expect(files.map(({ path }) => path)).toEqual(['model.safetensors']);
    expect(await getTensors(store, of(files), 'model')).toEqual(tensors);
    expect(await putTensors(store, 'model', {})).toHaveLength(1);
  });

  it('are cut over files, larger ones between rows, and come back bit for bit', async () => {
    const files = await split();
    expect(files.map(({ path }) => path)).toEqual([
      ...Array.from({ length: 6 }, (_, i) => `model-0000${i + 1}-of-00006.safetensors`),
      'model.safetensors.index.json',
    ]);
    const held = await Promise.all(
      files.slice(0, -1).map(async (file) => decodeSafetensors(await store.getBlob(file.digest))),
    );
    for (const each of held) {
      const bytes = Object.values(each).reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(bytes).toBeLessThanOrEqual(80);
    }
    expect(Object.fromEntries(Object.entries(held[1] ?? {}).map(([name, { shape }]) => [name, shape]))).toEqual({
      'head.kernel.rows-00001-of-00003': [4, 5],
    });
    expect(await getTensors(store, of(files), 'model')).toEqual(tensors);
    expect(await split()).toEqual(files);
  });

  it('have an index as Hugging Face writes it, and in it which pieces make which tensor', async () => {
    const files = await split();
    const index = await json(files.at(-1) as FileEntry);
    expect(index.metadata).toEqual({ total_size: 48 + 200 + 40 + 160 });
    expect(index.weight_map['stem.weight']).toBe('model-00001-of-00006.safetensors');
    expect(index.weight_map['head.kernel.rows-00003-of-00003']).toBe('model-00004-of-00006.safetensors');
    expect(Object.keys(index.split)).toEqual(['head.kernel', 'rows']);
    // What docs/formats.md tells users of PyTorch to do.
    const found: Record<string, SafeTensor> = {};
    for (const path of new Set(Object.values(index.weight_map))) {
      const entry = files.find((file) => file.path === path) as FileEntry;
      Object.assign(found, decodeSafetensors(await store.getBlob(entry.digest)));
    }
    const joined = index.split['head.kernel'].flatMap((piece: string) =>
      Array.from(found[piece]?.data as Float32Array),
    );
    expect(joined).toEqual(Array.from(tensors['head.kernel']?.data as Float32Array));
  });

  it('are refused where a file, a piece or the fit of pieces is missing', async () => {
    const files = await split();
    const refused = (held: FileEntry[]) => expect(getTensors(store, of(held), 'model')).rejects;
    await refused(files.filter((_, i) => i !== 2)).toMatchObject({ code: 'TensorsMissing' });
    await refused([]).toMatchObject({ code: 'TensorsMissing', remedy: expect.stringMatching(/again/) });
    const index = await json(files.at(-1) as FileEntry);
    const changed = async (change: object) => [
      ...files.slice(0, -1),
      await store.putFile(
        'model.safetensors.index.json',
        Buffer.from(JSON.stringify({ ...index, ...change })),
        'application/json',
      ),
    ];
    const more = { weight_map: { ...index.weight_map, gone: 'model-00001-of-00006.safetensors' } };
    await refused(await changed(more)).toMatchObject({
      code: 'TensorsMissing',
      message: expect.stringContaining('gone'),
    });
    const mixed = { split: { both: ['stem.weight', 'head.bias'] } };
    await refused(await changed(mixed)).toMatchObject({
      code: 'TensorsMissing',
      message: expect.stringContaining('both'),
    });
    const unknown = { split: { both: ['nowhere'] } };
    await refused(await changed(unknown)).toMatchObject({ code: 'TensorsMissing' });
  });

  it.each([
    ['no JSON', '{', 'ArtifactInvalid'],
    ['no object', 'null', 'ArtifactInvalid'],
    ['an empty object', '{}', 'ArtifactInvalid'],
    ['no list of split tensors', '{"weight_map":{},"split":null}', 'ArtifactInvalid'],
    ['a tensor of other things than names', '{"weight_map":{},"split":{"a":[1]}}', 'ArtifactInvalid'],
    ['a tensor of no pieces', '{"weight_map":{},"split":{"a":[]}}', 'TensorsMissing'],
    ['one piece in two tensors', '{"weight_map":{},"split":{"a":["rows"],"b":["rows"]}}', 'TensorsMissing'],
    ['a name that every object has', '{"weight_map":{"constructor":"x"},"split":{}}', 'TensorsMissing'],
  ])('are refused where the index holds %s', async (_, text, code) => {
    const [whole] = await putTensors(store, 'model', { rows: floats(4, 2) });
    const index = await store.putFile('model.safetensors.index.json', Buffer.from(text), 'application/json');
    await expect(getTensors(store, of([whole as FileEntry, index]), 'model')).rejects.toMatchObject({ code });
  });

  it('with rows larger than a file are refused', async () => {
    const wide = { wide: floats(2, 100) };
    await expect(putTensors(store, 'model', wide, { fileBytes: 80 })).rejects.toMatchObject({ code: 'TensorTooLarge' });
  });

  it('of other names are left alone', async () => {
    const files = [...(await split()), ...(await putTensors(store, 'model-b', { b: floats(2) }))];
    expect(Object.keys(await getTensors(store, of(files), 'model-b'))).toEqual(['b']);
    expect(await getTensors(store, of(files), 'model')).toEqual(tensors);
  });
});
