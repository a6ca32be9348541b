import { decodeTar, encodeTar } from '../../formats/tar.ts';
import { mutated } from './harness/mutate.ts';
import type { FuzzTarget } from './target.ts';

const seeds = [
  encodeTar([
    { path: '000000/0000.jpg', bytes: Buffer.from('pixels') },
    { path: '000000/0000.cls', bytes: Buffer.alloc(0) },
    { path: '000001/0001.jpg', bytes: Buffer.alloc(1500, 2) },
  ]),
];

/** Gives every whole block that might be a header its checksum, so that what it says is looked at. */
const withChecksums = (archive: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(archive);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    bytes.fill(' ', at + 148, at + 156);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return bytes;
};

export const target: FuzzTarget = {
  name: 'tar',
  seeds,
  cases: mutated(seeds).map(withChecksums),
  run: async (bytes) => {
    decodeTar(bytes);
  },
};
