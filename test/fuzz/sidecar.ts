import { readSidecar } from '../../formats/landmarks/sidecar.ts';
import type { FuzzTarget } from './target.ts';

/** Landmarks beside a photo. */
export const target: FuzzTarget = {
  name: 'sidecar',
  seeds: [
    Buffer.from('{"landmarks": [[38.3, 51.7], [73.5, 51.5], [56, 71.7], [41.5, 92.4], [70.7, 92.2]], "score": 1}'),
  ],
  run: async (bytes) => void readSidecar('ann/1.json', bytes),
};
