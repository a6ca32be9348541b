import { numpyConstructors, readPickle } from '../../formats/pickle/index.ts';
import { fixtures } from './harness/fixtures.ts';
import { pickles } from './harness/pickles.ts';
import type { FuzzTarget } from './target.ts';

export const target: FuzzTarget = {
  name: 'pickle',
  seeds: fixtures('pickle', /^(python|cpickle|numpy-\d)/),
  cases: pickles,
  run: async (bytes) => {
    readPickle(bytes, { file: 'fuzz.pkl', allow: numpyConstructors });
    readPickle(bytes, { file: 'fuzz.pkl', unknownGlobals: 'inert', strings: 'text', persistent: (id) => id });
  },
};
