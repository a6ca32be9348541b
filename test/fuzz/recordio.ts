import { join } from 'node:path';
import { recordio } from '../../formats/recordio/index.ts';
import { imagesOf, loadFiles, sourceOf } from '../helpers/sets.ts';
import type { FuzzTarget } from './target.ts';

const fixtures = join(import.meta.dirname, '../fixtures/formats/recordio');
const file = (path: string): Buffer => Object.values(loadFiles(join(fixtures, path)))[0] as Buffer;

/** The records, without an `.idx` file. */
export const records: FuzzTarget = {
  name: 'recordio',
  seeds: ['insightface/train.rec', 'header-first/train.rec', 'parts/train.rec', 'im2rec/train.rec'].map(file),
  run: async (bytes) => {
    await imagesOf(recordio, sourceOf({ 'train.rec': bytes }));
  },
};

/** The `.idx` file beside good records. */
export const index: FuzzTarget = {
  name: 'recordio-index',
  seeds: [file('insightface/train.idx'), file('shuffled/train.idx')],
  run: async (bytes) => {
    await imagesOf(recordio, sourceOf({ 'train.rec': file('shuffled/train.rec'), 'train.idx': bytes }));
  },
};

/** DCFace's list beside good records. */
export const list: FuzzTarget = {
  name: 'recordio-list',
  seeds: [file('dcface/list.txt')],
  run: async (bytes) => {
    await imagesOf(recordio, sourceOf({ 'file.rec': file('dcface/file.rec'), 'list.txt': bytes }));
  },
};

export const target = records;
