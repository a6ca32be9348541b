import type { Parameter } from '../../nn/parameters.ts';

/** A learned position of each token, which begins as `sinusoids`. */
export const positions = (name: string, tokens: number, size: number): Parameter => ({
  name,
  shape: [tokens, size],
  kind: 'vector',
  init: { type: 'values', values: sinusoids(tokens, size) },
});

/**
 * Positions as Vaswani et al. (2017), §3.5 have them, sines and cosines in turn, minus one half: where DCFace's learned positions begin.
 *
 * @returns float32 [tokens, size]
 */
export const sinusoids = (tokens: number, size: number): Float32Array => {
  const values = new Float32Array(tokens * size);
  for (let token = 0; token < tokens; token++)
    for (let i = 0; i < size; i++) {
      const angle = token * Math.exp((-(i - (i % 2)) * Math.log(10_000)) / size);
      values[token * size + i] = (i % 2 === 0 ? Math.sin(angle) : Math.cos(angle)) - 0.5;
    }
  return values;
};
