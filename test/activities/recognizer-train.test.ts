import { beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/recognizer-train/stage.ts';
import { loadWeights } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { ImageSet } from '../../data/images.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { valueAndGradients, withPrefix } from '../../nn/gradients.ts';
import { seedTensor } from '../../nn/kernels/random.ts';
import { forwardTrain } from '../../nn/recognizer/backbone.ts';
import { type RecognizerConfig, recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { recognizerState } from '../../nn/recognizer/train-step.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { fromSafetensors } from '../../nn/weights.ts';
import { StepPlanner } from '../../training/planner.ts';
import { allPixels } from '../helpers/images.ts';
import { differing, type Recording, recording } from '../training/recorder.ts';
import { float32, side, toyContext, toyDataset } from './toy.ts';

/** Two epochs of two steps, of which the first warms up; images stay as they are. */
const network = {
  preset: 'small',
  stemWidth: 4,
  stemStride: 1,
  widths: [4],
  depths: [1],
  strides: [2],
  embedding: 5,
} as const;
const params = {
  network,
  ...({ loss: 'cosface', m: 0.4, h: 0.333, s: 8, t_alpha: 0.01 } as const),
  ...{ epochs: 2, batch: 4, microBatch: 0, recompute: false, ...float32 },
  ...({ validateEvery: 1, keep: 'last' } as const),
  ...{
    lr: 0.1,
    lrBatch: 0,
    momentum: 0.8,
    weightDecay: 0.3,
    decayNorms: false,
    milestones: [1],
    gamma: 0.5,
    warmup: 2,
  },
  ...({ second: null, clip: 0, plateau: null } as const),
  augment: { cropScale: [1, 1], flip: 0, jitter: 0, erase: 0, eraseScale: [0.02, 0.1] } as const,
};
const rates = [0.05, 0.1, 0.05, 0.05];

const context = toyContext();
const config: RecognizerConfig = recognizerConfig('small', { ...network, imageSize: side });
let data: ImageSet;
let pixels: Buffer;
let recorded: Recording;
/** State before each step, and after the last: trained parameters alone. */
let states: Tensors[];

const train = async (more: Partial<typeof params>) => {
  const made = recording(context);
  const ref = await toyDataset(context.store, 4, 2);
  const { weights } = await stage.run({ ...params, ...more, data: ref }, made.context);
  return { weights: weights as ArtifactRef, recorded: made.recorded };
};

beforeAll(async () => {
  data = await loadDataset(context.store, await toyDataset(context.store, 4, 2));
  pixels = await allPixels(data);
  const made = await train({});
  recorded = made.recorded;
  const training = { config, head: params, classes: 4, momentum: 0, weightDecay: 0 };
  const last = fromSafetensors(await loadWeights(context.store, made.weights), [
    ...recognizerParameters(config),
    { name: 'head.kernel', shape: [5, 4], kind: 'vector', init: { type: 'zeros' } },
  ]);
  const lastState = Object.fromEntries(Object.entries(last).map(([name, tensor]) => [`w.${name}`, tensor]));
  states = [recognizerState(training, context.seed), ...recorded.states, lastState];
});

/** The images of a step in [-1, 1] and their classes. */
const batchOf = (rows: Int32Array): { images: tf.Tensor4D; labels: number[] } => {
  const size = side * side * 3;
  const values = [...rows].flatMap((row) =>
    [...pixels.subarray(row * size, (row + 1) * size)].map((p) => (2 * p) / 255 - 1),
  );
  return {
    images: tf.tensor4d(values, [rows.length, side, side, 3]),
    labels: [...rows].map((row) => data.labels[row] as number),
  };
};

/** CosFace's equation 4, in plain terms: −log softmax of s (cos θ − m for the image's own class). */
const cosFaceLoss = (features: tf.Tensor, kernel: tf.Tensor, labels: readonly number[]): tf.Scalar => {
  const cosine = unit(features, 1).matMul(unit(kernel, 0));
  const own = tf.oneHot([...labels], 4).asType('float32');
  const logits = cosine.sub(own.mul(params.m)).mul(params.s);
  return tf.mean(tf.logSumExp(logits, 1).sub(logits.mul(own).sum(1))) as tf.Scalar;
};

const unit = (x: tf.Tensor, axis: number): tf.Tensor => tf.div(x, tf.norm(x, 2, axis, true));

/** The share of images whose own class has the highest cosine, without any margin. */
const accuracyOf = (features: tf.Tensor, kernel: tf.Tensor, labels: readonly number[]): number => {
  const found = [...unit(features, 1).matMul(unit(kernel, 0)).argMax(1).dataSync()];
  return found.filter((label, i) => label === labels[i]).length / labels.length;
};

/** Loss, gradients and accuracy of step i, from its state and images. @param part of the batch's images */
const judged = (i: number, part: [from: number, to: number] = [0, 4]) => {
  const state = states[i] as Tensors;
  const planner = new StepPlanner({ images: data.count, batch: 4, epochs: 2, seed: context.seed, tag: 'epoch' });
  const { images, labels } = batchOf(planner.at(i).rows.slice(...part));
  let accuracy = Number.NaN;
  const made = valueAndGradients(
    (w) => {
      const { features } = forwardTrain(w, withPrefix(state, 'stats'), images, config);
      const kernel = w['head.kernel'] as tf.Tensor;
      accuracy = accuracyOf(features, kernel, labels);
      return cosFaceLoss(features, kernel, labels);
    },
    withPrefix(state, 'w'),
  );
  return { ...made, accuracy };
};

describe('recognizer/train', () => {
  it.each([0, 1, 2, 3])(
    'step %i: the loss is CosFace with its margin and scale, over the images of that step; the accuracy knows no margin',
    (i) => {
      const { value, accuracy } = judged(i);
      expect(recorded.metrics[i]?.loss).toBeCloseTo(value.dataSync()[0] as number, 4);
      expect(recorded.metrics[i]?.accuracy).toBeCloseTo(accuracy, 6);
    },
  );

  it.each([0, 1, 2, 3])('step %i: SGD with momentum, weight decay and the rate of that step', (i) => {
    const { gradients } = judged(i);
    const [before, after] = [states[i] as Tensors, states[i + 1] as Tensors];
    const spared = new Set(recognizerParameters(config).flatMap(({ name, decayed }) => (decayed ? [] : [name])));
    const moved: Tensors = {};
    const wanted: Tensors = {};
    for (const [name, gradient] of Object.entries(gradients)) {
      const weight = before[`w.${name}`] as tf.Tensor;
      const decayed = gradient.add(weight.mul(spared.has(name) ? 0 : params.weightDecay));
      const buffer = (before[`sgd.${name}`] as tf.Tensor).mul(params.momentum).add(decayed);
      wanted[name] = buffer.mul(-(rates[i] as number));
      moved[name] = (after[`w.${name}`] as tf.Tensor).sub(weight);
    }
    expect(differing(moved, wanted, 2e-4)).toEqual([]);
  });

  it('in micro-batches moves once a step, by the mean of their gradients', async () => {
    const { recorded: cut } = await train({ microBatch: 2, weightDecay: 0 });
    const [one, two] = [judged(0, [0, 2]).gradients, judged(0, [2, 4]).gradients];
    const [made, wanted]: [Tensors, Tensors] = [{}, {}];
    for (const [name, gradient] of Object.entries(one)) {
      wanted[name] = gradient.add(two[name] as tf.Tensor).div(2);
      made[name] = cut.states[0]?.[`sgd.${name}`] as tf.Tensor;
    }
    expect(differing(made, wanted, 2e-4)).toEqual([]);
    expect(cut.metrics).toHaveLength(4);
  });

  it('decays the classifier, the convolutions and the embedding layer, and spares what batch norms learn', () => {
    const names = recognizerParameters(config).flatMap(({ name, trained, decayed }) =>
      trained && decayed ? [name] : [],
    );
    expect(names).toEqual(
      expect.arrayContaining(['input_layer.0.weight', 'output_layer.3.weight', 'output_layer.3.bias']),
    );
    expect(names).not.toContain('input_layer.1.weight');
    expect(Object.keys(states[0] as Tensors)).toContain('sgd.head.kernel');
  });

  it('in another epoch sees the images in other batches', async () => {
    // With a rate of almost 0 the loss of a step depends on its images alone.
    const { recorded: still } = await train({ lr: 1e-9, epochs: 4 });
    const losses = still.metrics.map(({ loss }) => (loss as number).toFixed(4));
    const epochs = [0, 1, 2, 3].map((epoch) => `${losses.slice(2 * epoch, 2 * epoch + 2)}`);
    expect(new Set(epochs).size).toBeGreaterThan(1);
    expect(losses).toHaveLength(8);
  });

  describe('with a rate of almost 0 and all images in one batch', () => {
    /** Losses of three epochs of one step: they depend on how the images are augmented, and on dropout. */
    const losses = async (more: { augment?: object; network?: object }): Promise<number[]> => {
      const still = { lr: 1e-9, batch: 8, epochs: 3, milestones: [] as never };
      const { recorded: made } = await train({ ...still, ...more } as Partial<typeof params>);
      return made.metrics.map(({ loss }) => loss as number);
    };
    const apart = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

    it('every epoch has the same loss, without augmentation and dropout', async () => {
      expect(apart(await losses({}))).toBeLessThan(1e-4);
    });

    it.each([
      ['jitter', 0.5],
      ['erase', 1],
      ['flip', 0.5],
      ['cropScale', [0.5, 1]],
    ])('%s is drawn anew in every epoch', async (name, value) => {
      const [a, b, c] = (await losses({ augment: { ...params.augment, [name]: value } })) as [number, number, number];
      expect(Math.min(Math.abs(a - b), Math.abs(a - c), Math.abs(b - c))).toBeGreaterThan(1e-3);
    });

    it('dropout is drawn anew in every step', async () => {
      const dropped = { ...network, dropout: 0.5 };
      const planner = new StepPlanner({ images: 8, batch: 8, epochs: 3, seed: context.seed, tag: 'epoch' });
      const first = states[0] as Tensors;
      for (const [i, loss] of (await losses({ network: dropped })).entries()) {
        const { images, labels } = batchOf(planner.at(i).rows);
        const options = { dropoutSeed: seedTensor(context.seed, 'dropout', i) };
        const w = withPrefix(first, 'w');
        const { features } = forwardTrain(w, withPrefix(first, 'stats'), images, { ...config, dropout: 0.5 }, options);
        expect(loss).toBeCloseTo(
          cosFaceLoss(features, w['head.kernel'] as tf.Tensor, labels).dataSync()[0] as number,
          3,
        );
      }
    });
  });
});
