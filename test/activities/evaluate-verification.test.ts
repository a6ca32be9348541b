import { beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/evaluate-verification/stage.ts';
import { putBenchmarks, putPairs } from '../../artifacts/benchmarks.ts';
import { setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { readPairScores, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { loadWeights } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { tf } from '../../nn/tf.ts';
import { fromSafetensors } from '../../nn/weights.ts';
import { putRecognizer, tinyRecognizer } from '../methods/cemiface/tiny.ts';
import { float32, side, toyContext, toyPixels } from './toy.ts';

const context = toyContext();
const { store } = context;
const people = 20;
let recognizer: ArtifactRef;
let benchmarks: ArtifactRef;

/** Two images of each of 20 people; in each of ten folds two same and two different pairs. @param honest whether `same` tells the truth */
const filesOf = async (set: string, honest: boolean) => {
  const writer = new DatasetWriter(store, { height: side, width: side, prefix: setPrefix(set) });
  for (let identity = 0; identity < people; identity++) {
    // Both images of a person are equal, so that same pairs have distance 0.
    for (const image of [0, 1]) await writer.add({ identity, image, pixels: toyPixels(identity, 0) });
  }
  const folds = Array.from({ length: 10 }, (_, fold) => fold);
  const left = Int32Array.from(folds.flatMap((f) => [4 * f, 4 * f + 2, 4 * f, 4 * f + 1]));
  const right = Int32Array.from(folds.flatMap((f) => [4 * f + 1, 4 * f + 3, 4 * f + 2, 4 * f + 3]));
  const same = Uint8Array.from(folds.flatMap(() => (honest ? [1, 1, 0, 0] : [1, 0, 1, 0])));
  const fold = Int32Array.from(folds.flatMap((f) => [f, f, f, f]));
  return [...(await writer.files()), await putPairs(store, set, { left, right, same, fold }, 2 * people)];
};

beforeAll(async () => {
  recognizer = await putRecognizer(store);
  const files = [...(await filesOf('lfw', true)), ...(await filesOf('cfp_fp', false))];
  benchmarks = await putBenchmarks(store, files, {
    ...{ sets: ['lfw', 'cfp_fp'], height: side, width: side, peopleShown: 'drawn' },
  });
});

const evaluate = async (sets: string[]) => {
  const { metrics, scores } = await stage.run({ recognizer, benchmarks, sets, ...float32 }, context);
  return {
    metrics: await readMetricsOf(store, metrics as ArtifactRef, verificationKind),
    scores: scores as ArtifactRef,
  };
};

describe('evaluate/verification', () => {
  it('embeds image and mirror image, adds, and normalises: the distance of a pair is that of these sums', async () => {
    const { scores } = await evaluate(['lfw']);
    const { distance } = await readPairScores(store, await scoresCodec.read(store, scores), 'lfw');
    const weights = fromSafetensors(await loadWeights(store, recognizer), recognizerParameters(tinyRecognizer));
    const embedded = (identity: number): number[] => {
      const x = tf.tensor4d(
        Array.from(toyPixels(identity, 0), (p) => (2 * p) / 255 - 1),
        [1, side, side, 3],
      );
      const [plain, mirrored] = [x, x.reverse(2)].map((view) => [
        ...embed(weights, view as tf.Tensor4D, tinyRecognizer).dataSync(),
      ]) as [number[], number[]];
      const sum = plain.map((value, k) => value + (mirrored[k] as number));
      const length = Math.hypot(...sum);
      return sum.map((value) => value / length);
    };
    const between = (a: number[], b: number[]): number => a.reduce((d, v, k) => d + (v - (b[k] as number)) ** 2, 0);
    for (const f of [0, 4, 9]) {
      const wanted = between(embedded(2 * f), embedded(2 * f + 1));
      expect(distance[4 * f]).toBeCloseTo(0, 6);
      expect((distance[4 * f + 2] as number) / wanted).toBeCloseTo(1, 3);
    }
  });

  it('reports each set, and the mean of their accuracies as the average', async () => {
    const { metrics } = await evaluate([]);
    expect(Object.keys(metrics.sets).sort()).toEqual(['cfp_fp', 'lfw']);
    const [high, low] = [metrics.sets.lfw?.accuracy as number, metrics.sets.cfp_fp?.accuracy as number];
    expect(high).toBe(1);
    expect(low).toBeLessThan(0.6);
    expect(metrics.average).toBeCloseTo((high + low) / 2, 12);
  });

  it('states the order of colours, TAR at FAR and the ROC of each set', async () => {
    const { metrics } = await evaluate(['lfw', 'cfp_fp']);
    expect(metrics.channels).toBe('rgb');
    const { lfw, cfp_fp } = metrics.sets;
    expect(lfw?.tarOverFolds).toMatchObject({ far: 1e-3, tar: 1, std: 0 });
    expect(lfw?.tar).toMatchObject([
      { far: 1e-3, tar: 1, farReached: 0 },
      { far: 1e-4, tar: 1, farReached: 0 },
    ]);
    expect(lfw?.roc).toMatchObject({ far: expect.arrayContaining([0, 1]) });
    expect(cfp_fp?.tarOverFolds?.tar).toBeLessThan(1);
  });

  it('evaluates the named sets alone', async () => {
    const { metrics } = await evaluate(['cfp_fp']);
    expect(Object.keys(metrics.sets)).toEqual(['cfp_fp']);
    expect(metrics.average).toBe(metrics.sets.cfp_fp?.accuracy);
  });
});
