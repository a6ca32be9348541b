import { describe, expect, it } from 'vitest';
import { rateAt, scaledRate, sgd, sgdState } from '../../../nn/optim/sgd.ts';
import { tf } from '../../../nn/tf.ts';

describe('SGD', () => {
  it('takes two steps as PyTorch does, worked out by hand', () => {
    const read = (tensor: tf.Tensor | undefined): number => tensor?.dataSync()[0] as number;
    let state = {
      parameters: { w: tf.tensor1d([2]), bn: tf.tensor1d([2]) } as Record<string, tf.Tensor>,
      buffers: {} as Record<string, tf.Tensor>,
    };
    state.buffers = sgdState(state.parameters);
    const options = { momentum: 0.9, weightDecay: 0.1, decayed: (name: string) => name === 'w' };
    state = sgd(
      state.parameters,
      { w: tf.tensor1d([1]), bn: tf.tensor1d([1]) },
      state.buffers,
      tf.scalar(0.5),
      options,
    );
    // w: buffer 1 + 0.1 · 2 = 1.2, 2 − 0.6 = 1.4. bn: buffer 1, 1.5.
    expect(read(state.parameters.w)).toBeCloseTo(1.4, 6);
    expect(read(state.parameters.bn)).toBeCloseTo(1.5, 6);
    state = sgd(
      state.parameters,
      { w: tf.tensor1d([-1]), bn: tf.tensor1d([-1]) },
      state.buffers,
      tf.scalar(0.1),
      options,
    );
    // w: buffer 0.9 · 1.2 + (−1 + 0.14) = 0.22, 1.4 − 0.022. bn: buffer 0.9 − 1 = −0.1, 1.51.
    expect(read(state.parameters.w)).toBeCloseTo(1.378, 6);
    expect(read(state.parameters.bn)).toBeCloseTo(1.51, 6);
    expect(read(state.buffers.w)).toBeCloseTo(0.22, 6);
  });

  it('warms up by steps and drops at the starts of epochs', () => {
    const schedule = { rate: 0.1, milestones: [2, 3], gamma: 0.1, warmupSteps: 4 };
    expect([0, 1, 3, 4, 9].map((step) => rateAt(schedule, 0, step))).toEqual([0.025, 0.05, 0.1, 0.1, 0.1]);
    expect([1, 2, 3, 4].map((epoch) => rateAt(schedule, epoch, 100))).toEqual([
      0.1,
      0.1 * 0.1,
      0.1 * 0.1 ** 2,
      0.1 * 0.1 ** 2,
    ]);
    expect(rateAt({ ...schedule, warmupSteps: 0 }, 0, 0)).toBe(0.1);
  });

  it('scales the rate by the batch, where the batch is named that it was meant for', () => {
    expect(scaledRate(0.1, 1024, 512)).toBeCloseTo(0.2, 12);
    expect(scaledRate(0.1, 64, 512)).toBeCloseTo(0.0125, 12);
    expect(scaledRate(0.1, 64, 0)).toBe(0.1);
  });
});
