import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectorNetworks } from '../../../nn/detector/layout.ts';
import { type Judged, onet, pnet, rnet } from '../../../nn/detector/networks.ts';
import type { Parameter } from '../../../nn/parameters.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';

interface Output {
  readonly shape: number[];
  readonly values: number[];
}
interface Case {
  readonly shape: [number, number, number, number];
  readonly probability: Output;
  readonly shifts: Output;
  readonly landmarks?: Output;
}
const golden = JSON.parse(readFileSync(new URL('../../fixtures/detector/networks.json', import.meta.url), 'utf8'));
const networks = { pnet, rnet, onet };
type Name = keyof typeof networks;

/** Numbers in [-1, 1), as `make.py` draws them. */
const drawing = (seed: number) => {
  let state = seed;
  return (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state / 2 ** 30 - 1;
    });
};

/** PyTorch's shape. */
const storedShape = ({ kind, shape }: Parameter): number[] => {
  const [height, width, from, to] = shape as [number, number, number, number];
  if (kind === 'conv') return [to, from, height, width];
  return [...shape].reverse();
};

const drawn = (name: Name): Tensors => {
  const draw = drawing(7);
  const stored = Object.fromEntries(
    detectorNetworks[name].map((parameter) => {
      const shape = storedShape(parameter);
      const items = (sizes: number[]): number => sizes.reduce((a, b) => a * b, 1);
      const scale = Math.fround(2 / Math.sqrt(items(shape.slice(1))));
      return [`${name}.${parameter.name}`, { dtype: 'F32', shape, data: draw(items(shape)).map((v) => v * scale) }];
    }),
  );
  const named = detectorNetworks[name].map((parameter) => ({ ...parameter, name: `${name}.${parameter.name}` }));
  return fromSafetensors(stored, named);
};

describe.each(['pnet', 'rnet', 'onet'] as const)('%s of MTCNN', (name) => {
  let weights: Tensors;
  beforeAll(() => {
    weights = drawn(name);
  });
  afterAll(() => tf.dispose(weights));

  it('gives what PyTorch gives, and leaves no tensors', () => {
    const draw = drawing(11);
    const before = tf.memory().numTensors;
    for (const { shape, ...wanted } of golden[name] as Case[]) {
      const input = draw(shape.reduce((a, b) => a * b, 1));
      tf.tidy(() => {
        const found: Judged & { landmarks?: tf.Tensor } = networks[name](weights, tf.tensor4d(input, shape));
        expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
        for (const output of ['probability', 'shifts', 'landmarks'] as const) {
          const [made, theirs] = [found[output], wanted[output]];
          if (!made || !theirs) continue;
          expect(made.shape).toEqual(theirs.shape);
          const apart = made
            .dataSync()
            .map((value, i) => Math.abs(value - (theirs.values[i] as number)) / (1 + Math.abs(value)));
          expect(Math.max(...apart), output).toBeLessThan(1e-5);
        }
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is more than a constant', () => {
    const [{ probability, shifts }] = golden[name] as [Case];
    expect(Math.max(...probability.values) - Math.min(...probability.values)).toBeGreaterThan(0.01);
    expect(new Set(shifts.values).size).toBe(shifts.values.length);
  });
});
