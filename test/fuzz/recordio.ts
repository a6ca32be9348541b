import { join } from 'node:path';
import { recordio } from '../../formats/recordio/index.ts';
import { imagesOf, loadFiles, sourceOf } from '../helpers/sets.ts';
import type { FuzzTarget } from './target.ts';

const fixtures = join(import.meta.dirname, '../fixtures/formats/recordio');

/** A pack's file. */
export const packFile = (path: string): Buffer => Object.values(loadFiles(join(fixtures, path)))[0] as Buffer;

/** The records, without an `.idx` file. */
export const target: FuzzTarget = {
  name: 'recordio',
  seeds: ['insightface/train.rec', 'header-first/train.rec', 'parts/train.rec', 'im2rec/train.rec'].map(packFile),
  run: async (bytes) => {
    await imagesOf(recordio, sourceOf({ 'train.rec': bytes }));
  },
};
