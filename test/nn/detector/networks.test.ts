import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Judged, onet, pnet, rnet } from '../../../nn/detector/networks.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { drawing, drawnNetwork } from './drawn.ts';

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

describe.each(['pnet', 'rnet', 'onet'] as const)('%s of MTCNN', (name) => {
  let weights: Tensors;
  beforeAll(() => {
    weights = drawnNetwork(name);
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
