import type { Programs } from '../compile/index.ts';
import { prefixed, valueAndGradients, withPrefix } from '../gradients.ts';
import { gradientSums, type Pass, trainingPrograms } from '../micro-batches.ts';
import { clipByNorm } from '../optim/clip.ts';
import { type SgdOptions, sgd, sgdState } from '../optim/sgd.ts';
import { initialise } from '../parameters.ts';
import { type Tensors, tf } from '../tf.ts';
import type { StoredParameter } from '../weights.ts';
import { forwardTrain } from './backbone.ts';
import type { RecognizerConfig } from './config.ts';
import { recognizerParameters } from './layout.ts';
import { blend, crossEntropy, type Head, marginLogits, type Target, unitColumns } from './margin.ts';

/** What a recognizer's training step needs besides its state and batch. */
export interface RecognizerTraining {
  readonly config: RecognizerConfig;
  readonly head: Head;
  readonly classes: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Whether scale and shift of normalisations decay too. Default false, as in AdaFace's code. */
  readonly decayNorms?: boolean;
  /** Micro-batches of a batch, whose gradients are added up before the optimizer moves. Default 1. */
  readonly microBatches?: number;
  /** Most length of the gradient, of the backbone and of the classifier each; 0 or absent: as it is. */
  readonly clip?: number;
  /** Runs the network's units again on the way back, which saves memory and costs a forward pass. */
  readonly recompute?: boolean;
}

/** The classifier's columns and AdaFace's statistics, as a file holds them beside the backbone. */
export const headParameters = (embedding: number, classes: number): StoredParameter[] => [
  { name: 'head.kernel', shape: [embedding, classes], kind: 'vector', init: { type: 'uniform', bound: 1 } },
  { name: 'head.batch_mean', shape: [1], kind: 'vector', init: { type: 'constant', value: 20 } },
  { name: 'head.batch_std', shape: [1], kind: 'vector', init: { type: 'constant', value: 100 } },
];

/**
 * First state: trained parameters and classifier under `w`, what else the network remembers under `stats`, SGD's under
 * `sgd`, and with micro-batches the sums of gradients so far under `gradient`.
 */
export const recognizerState = ({ config, classes, microBatches }: RecognizerTraining, seed: number): Tensors =>
  tf.tidy(() => {
    const parameters = recognizerParameters(config);
    const { 'head.kernel': kernel, ...stats } = initialise(headParameters(config.embedding, classes), seed);
    const first = initialise(parameters, seed);
    // AdaFace's first classifier: uniform in [-1, 1], then columns of length one.
    const weights: Tensors = { 'head.kernel': unitColumns(kernel as tf.Tensor2D) };
    for (const { name, trained } of parameters) (trained ? weights : stats)[name] = first[name] as tf.Tensor;
    return {
      ...prefixed(weights, 'w'),
      ...prefixed(stats, 'stats'),
      ...prefixed(sgdState(weights), 'sgd'),
      ...gradientSums(weights, { microBatches }),
    };
  });

/**
 * Margin-softmax training as pure functions. A batch holds `images` float32 [B, S, S, 3] in [-1, 1], `labels` int32 [B],
 * `rate` (scalar) and `dropoutSeed` int32 [2]. Metrics: `loss`, and `accuracy` by the cosines without margin, of the batch
 * before the step.
 *
 * Soft labels: where a batch also holds `targets` int32 [B, K] and `shares` float32 [B, K], whose rows add up to 1, an image
 * belongs to K classes by these shares. Logits and losses are blended in this proportion, as SynFace's mixups do (its code's
 * `functions.py`): a margin is defined for one class at a time. Accuracy is that of `labels`.
 *
 * With micro-batches, B is the size of one; all but the last go through `accumulate`, the last through `step`. Batch norm
 * then sees one micro-batch at a time, as everywhere where gradients are accumulated: not the numbers of the whole batch.
 */
export const recognizerPrograms = (training: RecognizerTraining): Programs => {
  const { config, momentum, weightDecay, decayNorms = false, microBatches, clip = 0 } = training;
  const spared = new Set(recognizerParameters(config).flatMap(({ name, decayed }) => (decayed ? [] : [name])));
  const options: SgdOptions = { momentum, weightDecay, decayed: (name) => decayNorms || !spared.has(name) };
  return trainingPrograms({
    microBatches,
    pass: (state, batch) => pass(training, state, batch),
    update: (state, batch, gradients) => {
      const [weights, momenta] = [withPrefix(state, 'w'), withPrefix(state, 'sgd')];
      const clipped = clip > 0 ? clippedGradients(gradients, clip) : gradients;
      const { parameters, buffers } = sgd(weights, clipped, momenta, batch.rate as tf.Tensor, options);
      return { ...prefixed(parameters, 'w'), ...prefixed(buffers, 'sgd') };
    },
  });
};

/** Gradients of the backbone and of the classifier, each shortened to `limit` where it is longer. */
const clippedGradients = (gradients: Tensors, limit: number): Tensors => {
  const { 'head.kernel': kernel, ...backbone } = gradients;
  return { ...clipByNorm(backbone, limit), ...clipByNorm({ 'head.kernel': kernel as tf.Tensor }, limit) };
};

/** State after the pass: running statistics of the normalisations, and of AdaFace's feature norms. */
const pass = ({ config, head, classes, recompute }: RecognizerTraining, state: Tensors, batch: Tensors): Pass => {
  const stats = withPrefix(state, 'stats');
  const labels = batch.labels as tf.Tensor1D;
  const oneHot = tf.oneHot(labels, classes, 1, 0, 'float32') as tf.Tensor2D;
  const dropoutSeed = batch.dropoutSeed as tf.Tensor1D;
  const aside: Tensors = {};
  const { value, gradients } = valueAndGradients(
    (w) => {
      const forward = forwardTrain(w, stats, batch.images as tf.Tensor4D, config, { dropoutSeed, recompute });
      const kernel = w['head.kernel'] as tf.Tensor2D;
      const targets = batch.targets ? targetsOf(batch, classes) : [{ oneHot }];
      const scored = marginLogits(forward.features, kernel, targets, head, stats);
      const right = tf.equal(tf.argMax(scored.cosine, 1), labels);
      const made: Tensors = {
        ...prefixed({ ...scored.statistics, ...forward.running }, 'stats'),
        accuracy: tf.mean(tf.cast(right, 'float32')),
      };
      for (const [name, tensor] of Object.entries(made)) aside[name] = tf.keep(tensor.clone());
      return crossEntropy(
        scored.logits,
        blend(targets, (target) => target.oneHot),
      );
    },
    withPrefix(state, 'w'),
  );
  const { accuracy, ...updated } = Object.fromEntries(
    Object.entries(aside).map(([name, kept]) => [name, kept.clone()]),
  ) as Tensors & { accuracy: tf.Tensor };
  // `keep` carried these out of the gradient's scope; the clones belong to the caller's.
  tf.dispose(aside);
  return { gradients, state: updated, metrics: { loss: value, accuracy } };
};

/** The classes of a batch with soft labels, column by column. */
const targetsOf = ({ targets, shares }: Tensors, classes: number): Target[] => {
  const [count, columns] = (targets as tf.Tensor2D).shape;
  return Array.from({ length: columns }, (_, k) => ({
    oneHot: tf.oneHot(
      tf.reshape(tf.slice(targets as tf.Tensor2D, [0, k], [count, 1]), [count]),
      classes,
      1,
      0,
      'float32',
    ) as tf.Tensor2D,
    share: tf.slice(shares as tf.Tensor2D, [0, k], [count, 1]) as tf.Tensor2D,
  }));
};
