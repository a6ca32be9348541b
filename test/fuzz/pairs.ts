import { CemiflowError } from '../../core/errors.ts';
import { parseCsvPairs, parseLfwPairs } from '../../formats/pairs/index.ts';
import type { FuzzTarget } from './target.ts';

const seeds = [
  '2\t1\nAbel_Pacheco\t1\t4\nAbdel_Madi\t5\tDean_Barker\t12345\nAnn\t1\t2\nAnn\t1\tBob\t1\n',
  'Ann 1 2\nAnn 1 Bob 2\n',
  'left,right,same\na/1.jpg,b/1.jpg,1\na/2.jpg,"b/2, x.jpg",0\n',
  'same,left,right,fold\r\ntrue,a/1.jpg,b/1.jpg,0\r\nfalse,a/2.jpg,b/é.jpg,1\r\n',
];

/** One of both parsers refuses each file; the first must do so properly for the second to have its turn. */
export const target: FuzzTarget = {
  name: 'pairs',
  seeds: seeds.map((text) => Buffer.from(text)),
  run: async (bytes) => {
    try {
      parseLfwPairs(bytes, { file: 'pairs.txt' });
    } catch (error) {
      if (!(error instanceof CemiflowError)) throw error;
      parseCsvPairs(bytes, { file: 'pairs.csv' });
    }
  },
};
