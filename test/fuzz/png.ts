import { decodeImage } from '../../formats/image.ts';
import { fixtures } from './harness/fixtures.ts';
import type { FuzzTarget } from './target.ts';

/** JPEG and PNG, as images of sets are decoded. */
export const target: FuzzTarget = {
  name: 'png',
  seeds: fixtures('bin', /\.img$/),
  run: async (bytes) => {
    await decodeImage(bytes);
  },
};
