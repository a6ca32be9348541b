import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../core/random.ts';
import { contextMask, contextOf } from '../../../methods/idiff-face/condition.ts';
import { idiffFaceSamples } from '../../../methods/idiff-face/samples.ts';
import { tf } from '../../../nn/tf.ts';

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('contextual partial dropout', () => {
  it('drops nothing at rate 0', () => {
    expect(new Set(contextMask(100, 0, randomStream(1, 'test')))).toEqual(new Set([1]));
  });

  it.each([0.25, 0.5])('drops entries by themselves at rate %d, and keeps the mean', (rate) => {
    const mask = contextMask(100_000, rate, randomStream(1, 'test'));
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    expect(mask.filter((value) => value === 0).length / mask.length).toBeCloseTo(rate, 2);
    expect(mean(mask)).toBeCloseTo(1, 2);
  });

  it('acts behind the linear layer, and not at all where there is no mask', () => {
    const weights = {
      'context_emb.weight': tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]),
      'context_emb.bias': tf.tensor1d([0.5, 0, -0.5]),
    };
    const identity = tf.tensor2d([0.6, 0.8], [1, 2]);
    const plain = [...contextOf(weights, identity).dataSync()];
    [4.3, 5.2, 6.1].forEach((value, i) => {
      expect(plain[i]).toBeCloseTo(value, 5);
    });
    const masked = [...contextOf(weights, identity, tf.tensor2d([2, 0, 2], [1, 3])).dataSync()];
    [8.6, 0, 12.2].forEach((value, i) => {
      expect(masked[i]).toBeCloseTo(value, 5);
    });
  });
});

describe('the samples', () => {
  const table = { size: 2, at: (row: number, mirrored = false) => Float32Array.of(row, mirrored ? 1 : 0) };
  const draw = (dropout: number, flip: boolean) =>
    idiffFaceSamples(table, { conditionSize: 8, dropout, flip }).draw(5, randomStream(3, 'test'));

  it('hold the embedding of the image as it is, also where it is mirrored', () => {
    const { draw: next } = idiffFaceSamples(table, { conditionSize: 8, dropout: 0, flip: true });
    const uniform = randomStream(3, 'test');
    const samples = Array.from({ length: 40 }, () => next(5, uniform));
    expect(new Set(samples.map(({ images }) => images[0]?.mirrored)).size).toBe(2);
    for (const { conditions } of samples) expect([...(conditions.identity as Float32Array)]).toEqual([5, 0]);
  });

  it('drop the same entries whether images are mirrored or not', () => {
    expect(draw(0.5, true).conditions).toEqual(draw(0.5, false).conditions);
  });
});
