import { join } from 'node:path';
import { lmdb } from '../../formats/lmdb/index.ts';
import { imagesOf, loadFiles, sourceOf } from '../helpers/sets.ts';
import type { FuzzTarget } from './target.ts';

const fixtures = join(import.meta.dirname, '../fixtures/formats/lmdb');

export const target: FuzzTarget = {
  name: 'lmdb',
  seeds: ['hsface.lmdb', 'webface', 'old-msgpack.lmdb'].map(
    (name) => Object.values(loadFiles(join(fixtures, name)))[0] as Buffer,
  ),
  run: async (bytes) => {
    await imagesOf(lmdb, sourceOf({ 'data.mdb': bytes }));
  },
};
