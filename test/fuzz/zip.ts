import { readFileSync } from 'node:fs';
import { inMemory } from '../../formats/source.ts';
import { openZip } from '../../formats/zip/index.ts';
import type { FuzzTarget } from './target.ts';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/formats/zip/${name}`, import.meta.url));

export const target: FuzzTarget = {
  name: 'zip',
  seeds: ['subjects_0-1_2_imgs.zip', 'subjects_2-3_2_imgs.zip', 'zip64.zip', 'streamed.zip'].map(fixture),
  run: async (bytes) => {
    const archive = await openZip(inMemory('fuzz.zip', bytes));
    for (const entry of archive.entries) await archive.read(entry);
  },
};
