import { readLandmarkList } from '../../formats/landmarks/list.ts';
import { inMemory } from '../../formats/source.ts';
import type { FuzzTarget } from './target.ts';

const rows = 'path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\nann/1.jpg,38.3,51.7,73.5,51.5,56,71.7,41.5,92.4,70.7,92.2\n';

/** Lists of landmarks. */
export const target: FuzzTarget = {
  name: 'landmarks',
  seeds: [
    Buffer.from(rows),
    Buffer.from(rows.replaceAll(',', '\t')),
    Buffer.from('1.jpg 38 51 73 51 56 71 41 92 70 92 0.99\r\n2.jpg 38 51 73 51 56 71 41 92 70 92 0.98\r\n'),
    Buffer.from('"a, ""b"".jpg",1e1,-2,.5,4.,5,6,7,8,9,10\n'),
  ],
  run: async (bytes) => void (await readLandmarkList(inMemory('landmarks.csv', bytes))),
};
