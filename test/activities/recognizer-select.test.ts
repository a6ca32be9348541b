import { beforeEach, describe, expect, it } from 'vitest';
import { stage as dataStage } from '../../activities/data-select/stage.ts';
import { stage } from '../../activities/recognizer-select/stage.ts';
import { putMetrics, readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { selectionKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { weightsCodec, writeWeights } from '../../artifacts/codecs/weights.ts';
import { toJson } from '../../artifacts/finite.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { presets } from '../../nn/recognizer/config.ts';
import { toyContext, toyDataset } from './toy.ts';

const context = toyContext();
const { store } = context;
const network = { family: 'recognizer', ...(toJson(presets.small, 'small') as JsonObject) };

const result = (accuracy: number) => ({
  ...{ accuracy, std: 0, threshold: 1, foldAccuracies: [accuracy], foldThresholds: [1], pairs: 40 },
  scores: digestOf(`${accuracy}`),
});
const verified = (lfw: number, other: number) =>
  putMetrics(store, {
    kind: 'verification',
    sets: { lfw: result(lfw), other: result(other) },
    average: (lfw + other) / 2,
  });

describe('recognizer/select', () => {
  let recognizers: { matrix: JsonObject; artifact: ArtifactRef }[];
  let metrics: typeof recognizers;

  beforeEach(async () => {
    const epochs = [1, 2, 3];
    const values = [
      [0.7, 0.9],
      [0.8, 0.6],
      [0.8, 0.7],
    ] as const;
    const weights = (epoch: number) =>
      writeWeights(
        store,
        { a: { dtype: 'F32', shape: [1], data: Float32Array.of(epoch) } },
        { network, classes: epoch },
      );
    recognizers = await Promise.all(epochs.map(async (e) => ({ matrix: { e }, artifact: await weights(e) })));
    metrics = await Promise.all(
      values.map(async (v, i) => ({ matrix: { e: i + 1 }, artifact: await verified(v[0], v[1]) })),
    );
  });

  const select = (by: string) => stage.run({ recognizers, metrics: [...metrics].reverse(), by }, context);

  it('takes the first of the best, and says what it chose by', async () => {
    for (const [by, chosen] of [
      ['lfw', 2],
      ['average', 1],
    ] as const) {
      const outputs = await select(by);
      const choice = await readMetricsOf(store, outputs.choice as ArtifactRef, selectionKind);
      expect(choice).toMatchObject({ by, chosen: { e: chosen } });
      expect(choice.candidates).toHaveLength(3);
      const weights = await weightsCodec.read(store, outputs.weights as ArtifactRef);
      expect(recognizerOf(weights).classes).toBe(chosen);
      expect(weights.meta.more.selection).toEqual({ by, chosen: { e: chosen }, candidates: 3 });
      const before = await store.getArtifact(recognizers[chosen - 1]?.artifact as ArtifactRef);
      expect(weights.files).toEqual(before.files);
    }
  });

  it('refuses a set that was not measured, and metrics of another kind', async () => {
    await expect(select('cfp_fp')).rejects.toMatchObject({
      code: 'SelectionInvalid',
      remedy: expect.stringContaining('lfw, other'),
    });
    metrics[1] = { matrix: { e: 2 }, artifact: await putMetrics(store, { kind: 'training', series: {} }) };
    await expect(select('lfw')).rejects.toMatchObject({
      code: 'ArtifactInvalid',
      data: { field: 'metrics.json.kind' },
    });
  });

  it('refuses a candidate that has no metrics', async () => {
    metrics.pop();
    await expect(select('lfw')).rejects.toMatchObject({ code: 'SelectionInvalid', data: { matrix: { e: 3 } } });
  });
});

describe('data/select', () => {
  it('passes the set on that trains best over all its trainings', async () => {
    const sets = await Promise.all(
      [0, 1].map(async (m) => ({ matrix: { m }, artifact: await toyDataset(store, 2 + m, 1) })),
    );
    const at = async (m: number, seed: number, value: number) => ({
      matrix: { seed, m },
      artifact: await verified(value, value),
    });
    // The second set has fewer trainings, and the better mean.
    const metrics = [
      await at(0, 1, 0.7),
      await at(0, 2, 0.7),
      await at(0, 3, 0.7),
      await at(1, 1, 0.7),
      await at(1, 2, 0.9),
    ];
    const { data, choice } = await dataStage.run({ sets, metrics, by: 'lfw' }, context);
    expect(data).toEqual(sets[1]?.artifact);
    const chosen = await readMetricsOf(store, choice as ArtifactRef, selectionKind);
    expect(chosen).toMatchObject({ by: 'lfw', chosen: { m: 1 } });
    expect(chosen.candidates.map(({ value }) => value)).toEqual([expect.closeTo(0.7, 9), expect.closeTo(0.8, 9)]);
    await expect(dataStage.run({ sets, metrics: metrics.slice(0, 3), by: 'lfw' }, context)).rejects.toMatchObject({
      message: 'the candidate at {"m":1} has no metrics',
    });
  });
});
