import type { StepFunction } from '../compile/index.ts';
import { prefixed, valueAndGradients, withPrefix } from '../gradients.ts';
import { type SgdOptions, sgd, sgdState } from '../optim/sgd.ts';
import { initialise } from '../parameters.ts';
import { type Tensors, tf } from '../tf.ts';
import type { StoredParameter } from '../weights.ts';
import { forwardTrain } from './backbone.ts';
import type { RecognizerConfig } from './config.ts';
import { recognizerParameters } from './layout.ts';
import { crossEntropy, type Head, marginLogits, unitColumns } from './margin.ts';

/** What a recognizer's training step needs besides its state and batch. */
export interface RecognizerTraining {
  readonly config: RecognizerConfig;
  readonly head: Head;
  readonly classes: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** The classifier's columns and AdaFace's statistics, as a file holds them beside the backbone. */
export const headParameters = (embedding: number, classes: number): StoredParameter[] => [
  { name: 'head.kernel', shape: [embedding, classes], kind: 'vector', init: { type: 'uniform', bound: 1 } },
  { name: 'head.batch_mean', shape: [1], kind: 'vector', init: { type: 'constant', value: 20 } },
  { name: 'head.batch_std', shape: [1], kind: 'vector', init: { type: 'constant', value: 100 } },
];

/** First state: trained parameters and classifier under `w`, what else the network remembers under `stats`, SGD's under `sgd`. */
export const recognizerState = ({ config, classes }: RecognizerTraining, seed: number): Tensors =>
  tf.tidy(() => {
    const parameters = recognizerParameters(config);
    const { 'head.kernel': kernel, ...stats } = initialise(headParameters(config.embedding, classes), seed);
    const first = initialise(parameters, seed);
    // AdaFace's first classifier: uniform in [-1, 1], then columns of length one.
    const weights: Tensors = { 'head.kernel': unitColumns(kernel as tf.Tensor2D) };
    for (const { name, trained } of parameters) (trained ? weights : stats)[name] = first[name] as tf.Tensor;
    return { ...prefixed(weights, 'w'), ...prefixed(stats, 'stats'), ...prefixed(sgdState(weights), 'sgd') };
  });

/**
 * One step of margin-softmax training as a pure function. The batch holds `images` float32 [B, S, S, 3] in [-1, 1],
 * `labels` int32 [B], `rate` (scalar) and `dropoutSeed` int32 [2]. Metrics: `loss`, and `accuracy` by the cosines
 * without margin, of the batch before the step.
 */
export const recognizerStep = ({ config, head, classes, momentum, weightDecay }: RecognizerTraining): StepFunction => {
  const spared = new Set(recognizerParameters(config).flatMap(({ name, decayed }) => (decayed ? [] : [name])));
  const options: SgdOptions = { momentum, weightDecay, decayed: (name) => !spared.has(name) };
  return (state, batch) => {
    const weights = withPrefix(state, 'w');
    const stats = withPrefix(state, 'stats');
    const labels = batch.labels as tf.Tensor1D;
    const oneHot = tf.oneHot(labels, classes, 1, 0, 'float32') as tf.Tensor2D;
    const aside: Tensors = {};
    const { value, gradients } = valueAndGradients((w) => {
      const forward = forwardTrain(w, stats, batch.images as tf.Tensor4D, config, batch.dropoutSeed as tf.Tensor1D);
      const scored = marginLogits(forward.features, w['head.kernel'] as tf.Tensor2D, oneHot, head, stats);
      const right = tf.equal(tf.argMax(scored.cosine, 1), labels);
      const made: Tensors = {
        ...prefixed({ ...scored.statistics, ...forward.running }, 'stats'),
        accuracy: tf.mean(tf.cast(right, 'float32')),
      };
      for (const [name, tensor] of Object.entries(made)) aside[name] = tf.keep(tensor.clone());
      return crossEntropy(scored.logits, oneHot);
    }, weights);
    const { accuracy, ...updatedStats } = Object.fromEntries(
      Object.entries(aside).map(([name, kept]) => [name, kept.clone()]),
    ) as Tensors & { accuracy: tf.Tensor };
    // `keep` carried these out of the gradient's scope; the clones belong to the caller's.
    tf.dispose(aside);
    const updated = sgd(weights, gradients, withPrefix(state, 'sgd'), batch.rate as tf.Tensor, options);
    return {
      state: { ...prefixed(updated.parameters, 'w'), ...updatedStats, ...prefixed(updated.buffers, 'sgd') },
      metrics: { loss: value, accuracy },
    };
  };
};
