import { readFileSync } from 'node:fs';
import { inMemory } from '../../formats/source.ts';
import { openSafetensors } from '../../formats/weights/safetensors.ts';
import type { FuzzTarget } from './target.ts';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/formats/weights/${name}`, import.meta.url));

export const target: FuzzTarget = {
  name: 'published-safetensors',
  seeds: ['bfloat16.safetensors', 'sharded/model-00001-of-00002.safetensors'].map(fixture),
  run: async (bytes) => {
    const file = await openSafetensors(inMemory('fuzz.safetensors', bytes));
    for (const { name, dtype } of file.tensors) if (/^(F|BF)\d+$/.test(dtype)) await file.values(name);
  },
};
