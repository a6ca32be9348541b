import { describe, expect, it } from 'vitest';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { measuredThreshold } from '../../artifacts/threshold.ts';
import { digestOf } from '../../core/digest.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const store = memoryStore();
const recognizer = digestOf('recognizer');
const measured = (threshold: number) => ({
  ...{ accuracy: 0.9, std: 0.01, threshold, foldAccuracies: [], foldThresholds: [], pairs: 20, scores: digestOf('s') },
});
const sets = { lfw: measured(1.4), cplfw: measured(1.25) };

describe('a measured threshold', () => {
  it('is that of the set named, as a squared distance of unit vectors and as their cosine', async () => {
    const metrics = await putMetrics(store, { kind: 'verification', sets, average: 0.9 }, { recognizer });
    const of = async (set: string) => measuredThreshold(store, { metrics, set }, recognizer);
    expect((await of('lfw')).distance).toBe(1.4);
    expect((await of('lfw')).cosine).toBeCloseTo(0.3, 12);
    expect(await of('cplfw')).toEqual({ distance: 1.25, cosine: 0.375 });
    await expect(of('toString')).rejects.toMatchObject({ code: 'ThresholdMissing', remedy: 'set: one of cplfw, lfw' });
  });

  it('of another recognizer, or of one that is not stated, is refused', async () => {
    const metrics = { kind: 'verification', sets, average: 0.9 };
    const [other, unknown] = [
      await putMetrics(store, metrics, { recognizer: digestOf('other') }),
      await putMetrics(store, metrics),
    ];
    const error = { code: 'ThresholdMismatch' };
    await expect(measuredThreshold(store, { metrics: other, set: 'lfw' }, recognizer)).rejects.toMatchObject(error);
    await expect(measuredThreshold(store, { metrics: unknown, set: 'lfw' }, recognizer)).rejects.toMatchObject(error);
  });

  it('of metrics of another kind is refused', async () => {
    const metrics = await putMetrics(store, { kind: 'training', series: {} }, { recognizer });
    await expect(measuredThreshold(store, { metrics, set: 'lfw' }, recognizer)).rejects.toMatchObject({
      code: 'ArtifactInvalid',
    });
  });
});
