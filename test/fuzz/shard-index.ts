import { readFileSync } from 'node:fs';
import { joinShards, readShardIndex } from '../../formats/weights/sharded.ts';
import type { TensorFile } from '../../formats/weights/tensor-file.ts';
import type { FuzzTarget } from './target.ts';

const published = readFileSync(
  new URL('../fixtures/formats/weights/sharded/model.safetensors.index.json', import.meta.url),
);
const cut = JSON.stringify({ weight_map: { a: 'a.safetensors', b: 'a.safetensors' }, split: { whole: ['a', 'b'] } });

/** What the index names is there, as pieces of one row. */
const held: TensorFile = {
  format: 'safetensors',
  tensors: ['a', 'b', 'c'].map((name) => ({ name, shape: [1, 2], dtype: 'F32' })),
  values: async () => new Float32Array(2),
  setting: () => undefined,
};

export const target: FuzzTarget = {
  name: 'shard-index',
  seeds: [published, Buffer.from(cut)],
  run: async (bytes) => {
    const index = readShardIndex('fuzz.safetensors.index.json', Buffer.from(bytes));
    const file = joinShards('fuzz.safetensors.index.json', index, [held]);
    for (const { name } of file.tensors) await file.values(name);
  },
};
