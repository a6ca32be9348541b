import { describe, expect, it } from 'vitest';
import { adamW, adamWDefaults, adamWState } from '../../../nn/optim/adamw.ts';
import { emaDecay, emaUpdate } from '../../../nn/optim/ema.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

describe('adamW', () => {
  it('follows the published update, worked out in double precision', () => {
    const gradients = [0.5, -0.2, 0.1];
    const rate = 0.01;
    let [p, m, v] = [0.3, 0, 0];
    let parameters: Tensors = { a: tf.scalar(p) };
    let state = adamWState(parameters);
    gradients.forEach((g, i) => {
      const t = i + 1;
      p -= rate * 0.01 * p;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      p -= (rate * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
      ({ parameters, state } = adamW(parameters, { a: tf.scalar(g) }, state, tf.scalar(rate)));
      expect(parameters.a?.dataSync()[0]).toBeCloseTo(p, 5);
    });
  });

  it('adds eps to the root, not under it', () => {
    const parameters = { a: tf.scalar(0) };
    const first = { ...adamWDefaults, weightDecay: 0 };
    const { parameters: next } = adamW(parameters, { a: tf.scalar(1e-8) }, adamWState(parameters), tf.scalar(1), first);
    // The moments are g and g² after correction: g / (g + eps) = ½.
    expect(next.a?.dataSync()[0]).toBeCloseTo(-0.5, 3);
  });

  it('decays weights apart from the gradient', () => {
    const parameters = { a: tf.scalar(2) };
    const options = { ...adamWDefaults, weightDecay: 0.5 };
    const { parameters: next } = adamW(
      parameters,
      { a: tf.scalar(0) },
      adamWState(parameters),
      tf.scalar(0.1),
      options,
    );
    expect(next.a?.dataSync()[0]).toBeCloseTo(2 * (1 - 0.1 * 0.5), 6);
  });
});

describe('the moving average', () => {
  it('copies at first, then keeps more and more, up to its limit', () => {
    expect(emaDecay(0)).toBe(0);
    expect(emaDecay(15)).toBeCloseTo(1 - 1 / 8, 12);
    expect(emaDecay(1e9)).toBe(0.9999);
  });

  it('mixes by its decay', () => {
    const average = emaUpdate({ a: tf.scalar(1) }, { a: tf.scalar(3) }, tf.scalar(0.75));
    expect(average.a?.dataSync()[0]).toBeCloseTo(1.5, 6);
  });
});
