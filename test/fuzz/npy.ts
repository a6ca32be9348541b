import { openNpy } from '../../formats/npy/index.ts';
import { inMemory } from '../../formats/source.ts';
import { fixtures } from './harness/fixtures.ts';
import type { FuzzTarget } from './target.ts';

export const target: FuzzTarget = {
  name: 'npy',
  seeds: fixtures('npy', /-\d\.npy$/),
  run: async (bytes) => {
    const { shape, read } = await openNpy(inMemory('fuzz.npy', bytes));
    await read(
      0,
      shape.reduce((product, size) => product * size, 1),
    );
  },
};
