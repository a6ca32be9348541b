import { recordio } from '../../formats/recordio/index.ts';
import { imagesOf, sourceOf } from '../helpers/sets.ts';
import { packFile } from './recordio.ts';
import type { FuzzTarget } from './target.ts';

const records = packFile('shuffled/train.rec');

/** The `.idx` file beside good records. */
export const target: FuzzTarget = {
  name: 'recordio-index',
  seeds: [packFile('header-first/train.idx'), packFile('shuffled/train.idx')],
  run: async (bytes) => {
    await imagesOf(recordio, sourceOf({ 'train.rec': records, 'train.idx': bytes }));
  },
};
