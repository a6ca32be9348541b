import { recordio } from '../../formats/recordio/index.ts';
import { imagesOf, sourceOf } from '../helpers/sets.ts';
import { packFile } from './recordio.ts';
import type { FuzzTarget } from './target.ts';

const records = packFile('dcface/file.rec');

/** DCFace's `list.txt` beside good records. */
export const target: FuzzTarget = {
  name: 'recordio-list',
  seeds: [packFile('dcface/list.txt')],
  run: async (bytes) => {
    await imagesOf(recordio, sourceOf({ 'file.rec': records, 'list.txt': bytes }));
  },
};
