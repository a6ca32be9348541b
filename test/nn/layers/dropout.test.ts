import { describe, expect, it } from 'vitest';
import { statelessUniform } from '../../../nn/kernels/random.ts';
import { dropout } from '../../../nn/layers/linear.ts';
import { initialise } from '../../../nn/parameters.ts';
import { forwardTrain } from '../../../nn/recognizer/backbone.ts';
import { recognizerConfig } from '../../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { tf } from '../../../nn/tf.ts';

const read = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

describe('dropout', () => {
  it('drops what draws less than the rate, and scales the rest by 1 / (1 − rate)', () => {
    const x = tf.tensor1d([1, 2, -3, 4]);
    expect(read(dropout(x, 0.75, tf.tensor1d([0, 0.75, 0.8, 0.5])))).toEqual([0, 8, -12, 0]);
    expect(read(dropout(x, 0.5, tf.tensor1d([0.49, 0.5, 0.99, 0])))).toEqual([0, 4, -6, 0]);
  });

  it('drops the wanted share and keeps the mean', () => {
    const kept = read(dropout(tf.ones([100, 100]), 0.2, statelessUniform([100, 100], tf.tensor1d([3, 4], 'int32'))));
    expect(kept.filter((value) => value === 0).length / 10_000).toBeCloseTo(0.2, 1);
    expect(kept.reduce((sum, value) => sum + value, 0) / 10_000).toBeCloseTo(1, 1);
    expect(new Set(kept)).toEqual(new Set([0, 1.25]));
  });
});

describe('dropout in a recognizer', () => {
  it('drops the whole map only in training, at the rate of the network', () => {
    // One channel in, nothing learned but the last layer, which adds up what is kept of a map of ones.
    const config = recognizerConfig('small', {
      ...{
        imageSize: 12,
        stemStride: 1,
        stemWidth: 4,
        widths: [4],
        depths: [1],
        strides: [1],
        embedding: 3,
        dropout: 0.9,
      },
    });
    const parameters = recognizerParameters(config);
    const weights = initialise(parameters, 1);
    // The normalisation before the dropout puts out ones.
    weights['output_layer.0.weight'] = tf.zeros([4]);
    weights['output_layer.0.bias'] = tf.ones([4]);
    const x = tf.randomUniform([64, 12, 12, 3], -1, 1, 'float32', 1) as tf.Tensor4D;
    weights['output_layer.3.weight'] = tf.fill([12 * 12 * 4, 3], 1 / (12 * 12 * 4));
    const means: number[] = [];
    for (const rate of [0, 0.5, 0.9]) {
      const { running } = forwardTrain(
        weights,
        weights,
        x,
        { ...config, dropout: rate },
        {
          dropoutSeed: tf.tensor1d([1, 2], 'int32'),
        },
      );
      // The last normalisation's running mean follows the mean of the layer before it by a tenth; the deviation is that of dropout.
      means.push(...read(running['output_layer.4.running_mean'] as tf.Tensor).slice(0, 1));
      const variance = (read(running['output_layer.4.running_var'] as tf.Tensor)[0] as number) - 0.9;
      // Variance of the mean of n values that are 0 or 1 / (1 − rate): rate / (1 − rate) / n.
      const wanted = rate / (1 - rate) / (12 * 12 * 4);
      expect(variance / 0.1 / (wanted || 1)).toBeCloseTo(rate === 0 ? 0 : 1, 0);
    }
    for (const mean of means) expect(mean).toBeCloseTo(0.1, 2);
  });
});
