import { digestOf, hexOf } from './digest.ts';

/** What a random number is drawn for: names and counters, such as `('augment', step, index)`. */
export type Tag = string | number;

/**
 * Two 31-bit non-zero integers that depend on (seed, tags) alone. They seed TensorFlow's stateless ops and the streams
 * below; zero is left out because some kernels read it as "unseeded".
 */
export const seedPair = (seed: number, ...tags: Tag[]): [number, number] => {
  const hex = hexOf(digestOf(JSON.stringify([seed, ...tags])));
  const part = (from: number): number => Number.parseInt(hex.slice(from, from + 8), 16) & 0x7fffffff || 1;
  return [part(0), part(8)];
};

/** A stream of uniform numbers in [0, 1), a function of (seed, tags): sfc32, seeded by `seedPair`. */
export const randomStream = (seed: number, ...tags: Tag[]): (() => number) => {
  const [s0, s1] = seedPair(seed, ...tags);
  let a = s0 | 0;
  let b = s1 | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
};

/** Standard normal numbers from a uniform stream (Box-Muller; both values are used). */
export const normalStream = (uniform: () => number): (() => number) => {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
};

/** A permutation of 0 … n-1, a function of (seed, tags) (Fisher-Yates). */
export const permutation = (n: number, seed: number, ...tags: Tag[]): Int32Array => {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const uniform = randomStream(seed, ...tags);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
};
