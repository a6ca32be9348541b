import { readBin } from '../../formats/bin/index.ts';
import { inMemory } from '../../formats/source.ts';
import { fixtures } from './harness/fixtures.ts';
import type { FuzzTarget } from './target.ts';

export const target: FuzzTarget = {
  name: 'bin',
  seeds: fixtures('bin', /^(python2|bytes|numpy|scalars|integers).*\.bin$/),
  run: async (bytes) => {
    await readBin(inMemory('fuzz.bin', bytes));
  },
};
