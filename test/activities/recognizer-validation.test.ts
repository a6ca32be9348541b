import { beforeAll, describe, expect, it } from 'vitest';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import { stage as train } from '../../activities/recognizer-train/stage.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { trainingKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { tf } from '../../nn/tf.ts';
import { float32, toyBenchmarks, toyContext, toyDataset, toyTraining } from './toy.ts';

const context = toyContext();
const { store } = context;
let data: ArtifactRef;
let benchmarks: ArtifactRef;

/** Four steps an epoch; dropout, so that a network in training mode would be judged differently. */
const short = {
  ...toyTraining,
  network: { ...toyTraining.network, dropout: 0.3 },
  ...{ epochs: 3, batch: 16, microBatch: 0, recompute: false, milestones: [], warmup: 0 },
};

const trained = async (more: object = {}): Promise<{ weights: ArtifactRef; log: ArtifactRef }> =>
  (await train.run({ ...short, data, ...more } as never, context)) as never;
const seriesOf = async ({ log }: { log: ArtifactRef }) => (await readMetricsOf(store, log, trainingKind)).series;
const accuracyOf = async (recognizer: ArtifactRef): Promise<number> => {
  const { metrics } = await verification.run({ recognizer, benchmarks, sets: [], ...float32 }, context);
  return (await readMetricsOf(store, metrics as ArtifactRef, verificationKind)).average;
};

/** The same training ended after 1, 2 and 3 epochs, and its accuracies. */
let alone: { weights: ArtifactRef; log: ArtifactRef }[];
let accuracies: number[];
/** Number of the best epoch, from 1. */
let best: number;

beforeAll(async () => {
  data = await toyDataset(store, 8, 8);
  benchmarks = await toyBenchmarks(store, 200);
  alone = [await trained({ epochs: 1 }), await trained({ epochs: 2 }), await trained()];
  accuracies = [];
  for (const { weights } of alone) accuracies.push(await accuracyOf(weights));
  best = 1 + accuracies.indexOf(Math.max(...accuracies));
  expect(best, 'the tests need a best epoch that is not the last').toBeLessThan(3);
}, 120_000);

describe('recognizer/train with validation', () => {
  it('logs after each epoch what evaluate/verification measures, and stores the last epoch as it would without', async () => {
    const before = tf.memory().numTensors;
    const made = await trained({ validation: benchmarks });
    expect(tf.memory().numTensors).toBe(before);
    expect(made.weights).toEqual(alone[2]?.weights);
    const { validation, ...others } = await seriesOf(made);
    expect(validation).toEqual({ steps: [4, 8, 12], values: accuracies });
    expect(others).toEqual(await seriesOf(alone[2] as never));
  });

  it('keep: best stores the weights of the best epoch, and says which it was', async () => {
    const made = await trained({ validation: benchmarks, keep: 'best' });
    const [chosen, wanted] = await Promise.all(
      [made, alone[best - 1] as never].map(({ weights }) => store.getArtifact(weights)),
    );
    expect(chosen?.files).toEqual(wanted?.files);
    expect(chosen?.meta).toEqual({
      ...wanted?.meta,
      chosen: { epoch: best, accuracy: accuracies[best - 1], by: benchmarks.digest },
    });
    expect(await accuracyOf(made.weights)).toBe(accuracies[best - 1]);
  });

  it('validates every so many epochs, and after the last', async () => {
    const { validation } = await seriesOf(await trained({ validation: benchmarks, validateEvery: 2 }));
    expect(validation).toEqual({ steps: [8, 12], values: accuracies.slice(1) });
  });

  it('takes the mean over the sets', async () => {
    const two = await toyBenchmarks(store, 200, ['lfw', 'agedb_30']);
    const made = await trained({ validation: two, epochs: 1 });
    const { metrics } = await verification.run(
      { recognizer: made.weights, benchmarks: two, sets: [], ...float32 },
      context,
    );
    const { average, sets } = await readMetricsOf(store, metrics as ArtifactRef, verificationKind);
    expect((await seriesOf(made)).validation?.values).toEqual([average]);
    expect(average).not.toBe(sets.lfw?.accuracy);
  });

  it('shows each accuracy in the worker’s log', async () => {
    const from = context.lines.length;
    await trained({ validation: benchmarks, epochs: 1 });
    expect(context.lines.slice(from)).toContain(
      `validation after epoch 1: accuracy ${(100 * (accuracies[0] as number)).toFixed(2)} %`,
    );
  });

  it('refuses keep: best without anything to choose by', async () => {
    await expect(trained({ keep: 'best' })).rejects.toMatchObject({ code: 'ValidationMissing' });
  });
});

describe('recognizer/train: lrBatch', () => {
  it('scales the rate by batch / lrBatch, in the log and in the weights', async () => {
    const cut = { epochs: 1, microBatch: 8 };
    const [scaled, plain] = [await trained({ ...cut, lrBatch: 8 }), await trained({ ...cut, lr: 2 * short.lr })];
    expect((await seriesOf(scaled)).rate?.values[0]).toBeCloseTo(0.1, 9);
    expect(scaled).toEqual(plain);
    expect(await trained({ epochs: 1, lrBatch: 16 })).toEqual(alone[0]);
  });
});
