import { describe, expect, it } from 'vitest';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { compileStep } from '../../nn/compile/index.ts';
import { diffusionPrograms, diffusionState } from '../../nn/diffusion/train-step.ts';
import { unflatten } from '../../nn/flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../../nn/gradients.ts';
import { statelessNormal } from '../../nn/kernels/random.ts';
import { adamW, adamWState } from '../../nn/optim/adamw.ts';
import { clipByNorm } from '../../nn/optim/clip.ts';
import { emaDecay, emaUpdate } from '../../nn/optim/ema.ts';
import { sgd, sgdState } from '../../nn/optim/sgd.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { blend, crossEntropy, type Head, marginLogits, type Target } from '../../nn/recognizer/margin.ts';
import { headParameters, recognizerPrograms } from '../../nn/recognizer/train-step.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import {
  cases,
  diffusionBatch,
  expectGolden,
  fillMap,
  fillParameters,
  fillTensor,
  frozenRecognizer,
  golden,
  goldenLoss,
  storedValues,
  type Values,
} from '../golden/values.ts';

const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync() as Float32Array;
const firstStatistics = (): Tensors => ({ 'head.batch_mean': tf.tensor1d([20]), 'head.batch_std': tf.tensor1d([100]) });
const labels = tf.tensor1d(cases.labels, 'int32');
const oneHot = tf.oneHot(labels, cases.classes, 1, 0, 'float32') as tf.Tensor2D;

const pickNames = (values: Values, chosen: (name: string) => boolean): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => chosen(name)));

describe('heads beside PyTorch', () => {
  for (const loss of ['cosface', 'arcface', 'adaface'] as const) {
    it(`${loss}: logits, loss and gradients over three steps`, () => {
      const head: Head = cases.heads[loss];
      const kernel = fillTensor('head.kernel', [8, cases.classes]) as tf.Tensor2D;
      let statistics = firstStatistics();
      const made: Record<string, ArrayLike<number>> = {};
      for (const step of [0, 1, 2]) {
        const features = fillTensor(`features ${step}`, [6, 8], 20 * (step + 1)) as tf.Tensor2D;
        const scored = marginLogits(features, kernel, [{ oneHot }], head, statistics);
        made[`${step}/logits`] = read(scored.logits);
        made[`${step}/loss`] = read(crossEntropy(scored.logits, oneHot));
        if (step === 0 || loss === 'adaface') {
          const { gradients } = valueAndGradients(
            (v) => {
              const { logits } = marginLogits(v.f as tf.Tensor2D, v.k as tf.Tensor2D, [{ oneHot }], head, statistics);
              return crossEntropy(logits, oneHot);
            },
            { f: features, k: kernel },
          );
          made[`${step}/gradient/features`] = read(gradients.f as tf.Tensor);
          made[`${step}/gradient/kernel`] = read(gradients.k as tf.Tensor);
        }
        statistics = scored.statistics;
        if (loss !== 'adaface') continue;
        made[`${step}/batch_mean`] = read(statistics['head.batch_mean'] as tf.Tensor);
        made[`${step}/batch_std`] = read(statistics['head.batch_std'] as tf.Tensor);
      }
      const wanted = golden('heads', loss);
      // Logits are large and gradients small: each kind is measured by its own largest value.
      for (const kind of new Set(Object.keys(wanted).map((name) => name.slice(2)))) {
        const ofKind = (values: Values): Values => pickNames(values, (name) => name.endsWith(kind));
        expectGolden(ofKind(made), ofKind(wanted), 2e-6);
      }
      expect(Object.keys(made).length).toBe(Object.keys(wanted).length);
    });
  }

  for (const loss of ['cosface', 'arcface', 'adaface'] as const) {
    it(`${loss}: images of three classes each, as SynFace blends them`, () => {
      const { targets, shares } = cases.mixups as { targets: number[][]; shares: number[][] };
      const column = (rows: readonly number[][], k: number): number[] => rows.map((row) => row[k] as number);
      const each: Target[] = [0, 1, 2].map((k) => ({
        oneHot: tf.oneHot(tf.tensor1d(column(targets, k), 'int32'), cases.classes, 1, 0, 'float32') as tf.Tensor2D,
        share: tf.tensor2d(column(shares, k), [6, 1]),
      }));
      const kernel = fillTensor('head.kernel', [8, cases.classes]) as tf.Tensor2D;
      const logitsOf = (f: tf.Tensor): tf.Tensor2D =>
        marginLogits(f as tf.Tensor2D, kernel, each, cases.heads[loss], firstStatistics()).logits;
      const features = fillTensor('features 0', [6, 8], 20);
      const { value, gradients } = valueAndGradients(
        ({ f }) =>
          crossEntropy(
            logitsOf(f as tf.Tensor),
            blend(each, ({ oneHot: own }) => own),
          ),
        { f: features },
      );
      const wanted = golden('mixups', loss);
      const made = { logits: logitsOf(features), loss: value, 'gradient/features': gradients.f as tf.Tensor };
      for (const [name, tensor] of Object.entries(made))
        expectGolden(
          { [name]: read(tensor) },
          pickNames(wanted, (each) => each === name),
          2e-6,
        );
      expect(Object.keys(wanted).length).toBe(3);
    });
  }

  it.each(cases.schedules.limits as number[])('gradients clipped to a length of %d', (limit) => {
    const clipped = clipByNorm({ 0: fillTensor('clipped 0', [3, 4], 3), 1: fillTensor('clipped 1', [5], 3) }, limit);
    expectGolden(
      { 0: read(clipped[0] as tf.Tensor), 1: read(clipped[1] as tf.Tensor) },
      golden('schedules', `clip/${limit}`),
      1e-6,
    );
  });

  for (const loss of ['cosface', 'arcface', 'adaface'] as const) {
    it(`${loss}: at the limits of cosines, angles and norms`, () => {
      const { class: classes, norm, batchMean, batchStd } = cases.edges;
      const own = tf.oneHot(tf.tensor1d(classes, 'int32'), cases.classes, 1, 0, 'float32') as tf.Tensor2D;
      const wanted = golden('edges', loss);
      const inputs = {
        f: tf.tensor2d(wanted.features as Float32Array, [6, 8]),
        k: fillTensor('head.kernel', [8, cases.classes]),
      };
      const given = { 'head.batch_mean': tf.tensor1d([batchMean]), 'head.batch_std': tf.tensor1d([batchStd]) };
      const logitsOf = ({ f, k }: Tensors): tf.Tensor2D =>
        marginLogits(f as tf.Tensor2D, k as tf.Tensor2D, [{ oneHot: own }], cases.heads[loss], given).logits;
      const { gradients } = valueAndGradients((v) => tf.sum(tf.mul(logitsOf(v), own)) as tf.Scalar, inputs);
      expectGolden(
        { logits: read(logitsOf(inputs)) },
        pickNames(wanted, (name) => name === 'logits'),
        2e-6,
      );
      const byLength = tf.mul(gradients.f as tf.Tensor, tf.tensor2d(norm, [6, 1]));
      // acos is steep near 1: an error of 1e-7 in 1 − cos θ = 5e-4 is one of 1e-4 in ArcFace's slope.
      expectGolden(
        { 'gradient/features': read(byLength), 'gradient/kernel': read(gradients.k as tf.Tensor) },
        pickNames(wanted, (name) => name.startsWith('gradient/')),
        loss === 'arcface' ? 5e-4 : 2e-6,
      );
    });
  }
});

describe('optimizers beside PyTorch', () => {
  const gradient = (step: number): Tensors => ({ p: fillTensor(`gradient ${step}`, [40], 0.1) });
  const first = (): Tensors => ({ p: fillTensor('p', [40]) });
  const kinds = {
    adamw: () => {
      let state = adamWState(first());
      return (p: Tensors, step: number): Tensors => {
        const updated = adamW(p, gradient(step), state, tf.scalar(0.01), cases.adamW);
        state = updated.state;
        return updated.parameters;
      };
    },
    sgd: () => {
      let buffers = sgdState(first());
      return (p: Tensors, step: number): Tensors => {
        const options = { ...cases.sgd, decayed: () => true };
        const updated = sgd(p, gradient(step), buffers, tf.scalar(0.1), options);
        buffers = updated.buffers;
        return updated.parameters;
      };
    },
  };
  for (const [name, start] of Object.entries(kinds)) {
    it(`${name}: the parameters after each of three steps, and their average`, () => {
      const update = start();
      let p = first();
      let average = p;
      const made: Record<string, Float32Array> = {};
      for (const step of [0, 1, 2]) {
        p = update(p, step);
        average = emaUpdate(average, p, tf.scalar(emaDecay(step)));
        made[`${step + 1}/p`] = read(p.p as tf.Tensor);
        made[`${step + 1}/average`] = read(average.p as tf.Tensor);
      }
      expectGolden(made, golden('optimizers', name), 1e-6);
    });
  }
});

/** How far parameters moved, in PyTorch's layout: what a step did is a small part of what they are. */
const moved = (values: Values, first: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, after]) => {
      return [name, Float64Array.from(after, (value, i) => value - (first[name]?.[i] as number))];
    }),
  );

for (const compiled of [false, true]) {
  const kind = compiled ? 'compiled' : 'eager';

  describe(`training steps beside PyTorch, ${kind}`, () => {
    for (const name of ['cosface', 'arcface', 'adaface', 'cosface in one group']) {
      it(`recognizer with ${name}: losses of three steps, and the state after them`, () => {
        const { loss = name, variant, weightDecay, decayNorms } = cases.recognizerSteps[name];
        const config = { ...cases.smallRecognizer, variant };
        const head: Head = cases.heads[loss];
        const { classes } = cases;
        const training = { config, head, classes, momentum: 0.9, weightDecay, decayNorms };
        const parameters = recognizerParameters(config);
        const all = fillParameters(parameters);
        const pick = (trained: boolean): Tensors =>
          Object.fromEntries(
            parameters.filter((p) => p.trained === trained).map(({ name }) => [name, all[name] as tf.Tensor]),
          );
        const weights = { ...pick(true), 'head.kernel': fillTensor('head.kernel', [6, cases.classes]) };
        const statistics = { ...pick(false), ...firstStatistics() };
        const state = {
          ...prefixed(weights, 'w'),
          ...prefixed(statistics, 'stats'),
          ...prefixed(sgdState(weights), 'sgd'),
        };
        const batch = (step: number): Tensors => ({
          images: fillMap(`images ${step}`, [6, 3, 14, 14]),
          labels,
          rate: tf.scalar(0.001),
        });
        const step = compileStep(recognizerPrograms(training), state, batch(0), { compiled });
        const metrics: Record<string, number[]> = {};
        for (const i of [0, 1, 2]) {
          const { loss: value, accuracy } = step.run(batch(i));
          metrics[`${i + 1}/loss`] = [value as number];
          metrics[`${i + 1}/accuracy`] = [accuracy as number];
        }
        const wanted = golden('recognizer-steps', name);
        const isMetric = (name: string): boolean => /^\d/.test(name);
        const wantedState = pickNames(wanted, (name) => !isMetric(name));
        expectGolden(metrics, pickNames(wanted, isMetric), 5e-6);
        const stored = [
          ...parameters,
          ...headParameters(6, cases.classes).filter(({ name }) => loss === 'adaface' || name === 'head.kernel'),
        ];
        const valuesOf = (tensors: Tensors): Values =>
          storedValues({ ...withPrefix(tensors, 'w'), ...withPrefix(tensors, 'stats') }, stored);
        const before = valuesOf(state);
        expectGolden(moved(valuesOf(step.readState()), before), moved(wantedState, before), 1e-4);
        step.dispose();
      });
    }

    it('diffusion: losses of three steps, the weights after the first and the third, and their average', () => {
      const { parameters } = cemifaceDenoiser(cases.unet);
      const { config: recognizer, weights: frozen } = frozenRecognizer();
      const first = fillParameters(parameters);
      const training = { parameters, loss: goldenLoss(cases.unet, recognizer), optimizer: cases.stepAdamW };
      const state = diffusionState(first, frozen, training);
      const batch = (step: number): Tensors => {
        const seed = tf.tensor1d([11, step + 1], 'int32');
        return { ...diffusionBatch(), noiseSeed: seed, rate: tf.scalar(0.05), emaDecay: tf.scalar(emaDecay(step)) };
      };
      const step = compileStep(diffusionPrograms(training), state, batch(0), { compiled });
      const before = storedValues(first, parameters);
      const vector = (name: string): Values =>
        moved(storedValues(unflatten(step.readState()[name] as tf.Tensor1D, parameters), parameters), before);
      const wantedVector = (name: string): Values => moved(golden('diffusion-steps', name), before);
      const metrics: Record<string, number[]> = {};
      for (const i of [0, 1, 2]) {
        const { loss, mse, simMat, similarity } = step.run(batch(i)) as Record<string, number>;
        Object.assign(metrics, {
          [`${i + 1}/loss`]: [loss],
          [`${i + 1}/mse`]: [mse],
          [`${i + 1}/sim_mat`]: [simMat],
          [`${i + 1}/similarity`]: [similarity],
        });
        if (i === 0) expectGolden(vector('w'), wantedVector('1/w'), 1e-4);
      }
      const wanted = pickNames(golden('diffusion-steps'), (name) => /^\d\/(loss|mse|sim_mat|similarity)$/.test(name));
      expectGolden(metrics, wanted, 1e-5);
      expectGolden(vector('w'), wantedVector('3/w'), 1e-4);
      expectGolden(vector('ema'), wantedVector('3/ema'), 1e-4);
      step.dispose();
    });
  });
}

it("random normals are those of TensorFlow's published algorithm, for the same seed", () => {
  const drawn = statelessNormal([3, 14, 14, 3], tf.tensor1d([11, 1], 'int32'));
  const { noise } = golden('diffusion-steps') as { noise: ArrayLike<number> };
  expectGolden({ noise: read(drawn) }, { noise }, 2e-6);
});
