import { contiguousFold } from '../../formats/pairs/index.ts';
import type { PairScores } from '../../metrics/folds.ts';

/** A hash of 32-bit integers (the finalizer of MurmurHash3). */
const mix = (value: number): number => {
  let x = value >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

/** The scores of set `s`, as `draw` of `test/fixtures/protocols/make.py` makes them. */
export const protocolScores = (s: number): PairScores => {
  const start = mix(s + 1);
  const uniform = (counter: number): number => (mix(counter + start) >>> 8) / 2 ** 24;
  const most = s % 100 === 0 ? 7000 : 700;
  const pairs = 40 + Math.floor(uniform(0) * (most - 40));
  const overlap = 0.2 + uniform(1);
  const same = new Uint8Array(pairs);
  const distance = new Float32Array(pairs);
  for (let i = 0; i < pairs; i++) {
    const [a, b, c] = [uniform(4 + 3 * i), uniform(5 + 3 * i), uniform(6 + 3 * i)];
    const isSame = s % 3 === 0 ? c < 0.5 : Math.floor(i / 3) % 2 === 0;
    let d = (isSame ? 0.9 : 1.7) + (a + b - 1) * overlap;
    if (s % 4 === 1) d = Math.floor(d * 100 + 0.5) * 0.01;
    if (s % 4 === 2) d = Math.floor(d * 32 + 0.5) / 32;
    same[i] = Number(isSame);
    distance[i] = d;
  }
  return { distance, same, fold: Int32Array.from(same, (_, i) => contiguousFold(i, pairs, 10)) };
};
