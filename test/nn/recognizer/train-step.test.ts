import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../core/random.ts';
import { compileStep } from '../../../nn/compile/index.ts';
import { withPrefix } from '../../../nn/gradients.ts';
import { seedTensor } from '../../../nn/kernels/random.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { recognizerConfig } from '../../../nn/recognizer/config.ts';
import { type RecognizerTraining, recognizerPrograms, recognizerState } from '../../../nn/recognizer/train-step.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { values } from './support.ts';

const classes = 6;
const trainingOf = (loss: 'cosface' | 'adaface'): RecognizerTraining => ({
  config: recognizerConfig('small', {
    stemWidth: 16,
    widths: [16, 24],
    depths: [1, 1],
    strides: [1, 2],
    embedding: 16,
    imageSize: 12,
  }),
  head: { loss, m: 0.4, h: 0.333, s: 32, t_alpha: 0.01 },
  classes,
  momentum: 0.9,
  weightDecay: 5e-4,
});

/** Each class a colour pattern of its own under strong noise. */
const batch = (step: number, rate = 0.05): Tensors => {
  const uniform = randomStream(5, 'toy', step);
  const labels = Int32Array.from({ length: 24 }, (_, i) => i % classes);
  const images = new Float32Array(24 * 12 * 12 * 3);
  for (let i = 0; i < 24; i++) {
    for (let k = 0; k < 432; k++) {
      const pattern = Math.sin((k % 3) * (labels[i] as number) + Math.floor(k / 36) * 0.4 * (labels[i] as number));
      images[i * 432 + k] = 0.5 * pattern + uniform() - 0.5;
    }
  }
  return {
    images: tf.tensor4d(images, [24, 12, 12, 3]),
    labels: tf.tensor1d(labels, 'int32'),
    rate: tf.scalar(rate),
    dropoutSeed: seedTensor(5, 'dropout', step),
  };
};

describe('recognizer training', () => {
  for (const loss of ['cosface', 'adaface'] as const) {
    it(`${loss}: a small network learns a toy set, and its running statistics serve inference`, () => {
      const training = trainingOf(loss);
      const first = recognizerState(training, 7);
      const example = batch(0);
      const before = tf.memory().numTensors;
      const step = compileStep(recognizerPrograms(training), first, example);
      let metrics: Record<string, number> = {};
      const start = step.run(example);
      for (let i = 1; i < 60; i++) {
        const b = batch(i);
        metrics = step.run(b);
        tf.dispose(b);
      }
      expect(start.loss).toBeGreaterThan(10);
      expect(metrics.loss).toBeLessThan(2);
      expect(metrics.accuracy).toBe(1);
      const state = step.readState();
      step.dispose();
      const right = tf.tidy(() => {
        const weights = { ...withPrefix(state, 'w'), ...withPrefix(state, 'stats') };
        const unseen = batch(1000);
        const features = embed(weights, unseen.images as tf.Tensor4D, training.config);
        const best = tf.argMax(
          tf.matMul(
            features,
            tf.div(
              weights['head.kernel'] as tf.Tensor,
              tf.norm(weights['head.kernel'] as tf.Tensor, 2, 0, true),
            ) as tf.Tensor2D,
          ),
          1,
        );
        return tf.mean(tf.cast(tf.equal(best, unseen.labels as tf.Tensor), 'float32')).dataSync()[0] as never;
      }) as unknown as number;
      expect(right).toBe(1);
      tf.dispose(state);
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose([first, example]);
    });
  }

  it('the compiled step is the eager one', () => {
    const training = trainingOf('adaface');
    const first = recognizerState(training, 7);
    const b = batch(3);
    const run = (compiled: boolean) => {
      const step = compileStep(recognizerPrograms(training), first, b, { compiled });
      const metrics = step.run(b);
      const state = step.readState();
      step.dispose();
      return { metrics, state };
    };
    const [eager, compiled] = [run(false), run(true)];
    expect(compiled.metrics.loss).toBeCloseTo(eager.metrics.loss as number, 3);
    expect(Object.keys(compiled.state).sort()).toEqual(Object.keys(first).sort());
    for (const [name, tensor] of Object.entries(eager.state)) {
      const far = tf.max(tf.abs(tf.sub(tensor, compiled.state[name] as tf.Tensor)));
      expect(values(far)[0]).toBeLessThan(1e-3);
    }
  });

  it('moves every trained parameter and statistic, and decays all but batch normalisation', () => {
    const training = { ...trainingOf('adaface'), weightDecay: 0.5 };
    const first = recognizerState(training, 7);
    const plain = { ...trainingOf('adaface'), weightDecay: 0 };
    const b = batch(3);
    const stepped = (t: RecognizerTraining): Tensors => {
      const step = compileStep(recognizerPrograms(t), first, b, { compiled: false });
      step.run(b);
      return step.readState();
    };
    const [decayed, spared] = [stepped(training), stepped(plain)];
    for (const [name, tensor] of Object.entries(decayed)) {
      expect(values(tensor), name).not.toEqual(values(first[name] as tf.Tensor));
      if (!name.startsWith('w.')) continue;
      const norm = /(input_layer\.1|res_layer\.[025]|shortcut_layer\.1|output_layer\.0)\.(weight|bias)$/.test(name);
      const zero = name === 'w.output_layer.3.bias';
      const equal = values(tensor).every((v, i) => v === values(spared[name] as tf.Tensor)[i]);
      expect(equal, name).toBe(norm || zero);
    }
  });

  it('starts from numbers that follow from the seed alone, and classifier columns of length one', () => {
    const training = trainingOf('cosface');
    const [a, b, c] = [7, 7, 8].map((seed) => recognizerState(training, seed)) as [Tensors, Tensors, Tensors];
    const name = 'w.body.0.res_layer.1.weight';
    expect(values(a[name] as tf.Tensor)).toEqual(values(b[name] as tf.Tensor));
    expect(values(a[name] as tf.Tensor)).not.toEqual(values(c[name] as tf.Tensor));
    for (const length of values(tf.norm(a['w.head.kernel'] as tf.Tensor, 2, 0))) expect(length).toBeCloseTo(1, 5);
    // Kaiming, fan out: variance 2 / (9 · 16).
    const { variance } = tf.moments(a[name] as tf.Tensor);
    expect(values(variance)[0]).toBeCloseTo(2 / 144, 3);
  });

  it('soft labels of one class alone are that class, whatever else is named', () => {
    const training = trainingOf('cosface');
    const first = recognizerState(training, 7);
    const { labels, ...rest } = batch(0);
    const others = tf.tensor1d(
      values(labels as tf.Tensor).map((label) => (label + 1) % classes),
      'int32',
    );
    const lossOf = (given: Tensors): number => {
      const step = compileStep(recognizerPrograms(training), first, { ...rest, ...given }, { compiled: false });
      const { loss } = step.run({ ...rest, ...given });
      step.dispose();
      return loss as number;
    };
    const mixed = (ratio: number): Tensors => ({
      labels: labels as tf.Tensor,
      targets: tf.stack([labels as tf.Tensor, others], 1),
      shares: tf.stack([tf.fill([24], ratio), tf.fill([24], 1 - ratio)], 1),
    });
    const [one, two] = [lossOf({ labels: labels as tf.Tensor }), lossOf({ labels: others })];
    expect(Math.abs(one - two)).toBeGreaterThan(0.01);
    expect(lossOf(mixed(1))).toBeCloseTo(one, 4);
    expect(lossOf(mixed(0))).toBeCloseTo(two, 4);
  });
});
