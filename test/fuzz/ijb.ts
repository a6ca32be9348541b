import { CemiflowError } from '../../core/errors.ts';
import { readFaceList, readFacePoints, readTemplatePairs } from '../../formats/ijb/index.ts';
import { inMemory } from '../../formats/source.ts';
import type { FuzzTarget } from './target.ts';

const seeds = [
  '1.jpg 1 69544\n2.jpg 1 69544\nvideo/3.jpg 22 7\n',
  '1 22 1\n1 3 0\r\n',
  '1.jpg 40.5 50 70.25 51 56 72 42 92 70 92.5 0.99\n',
];

/** The last list refuses what is none of the three. */
export const target: FuzzTarget = {
  name: 'ijb',
  seeds: seeds.map((text) => Buffer.from(text)),
  run: async (bytes) => {
    const file = inMemory('list.txt', bytes);
    for (const read of [readFaceList, readTemplatePairs])
      try {
        await read(file);
        return;
      } catch (error) {
        if (!(error instanceof CemiflowError)) throw error;
      }
    await readFacePoints(file);
  },
};
