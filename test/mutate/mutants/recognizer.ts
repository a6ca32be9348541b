import { type Mutant, mutantsOf } from '../mutant.ts';

const train = 'test/activities/recognizer-train.test.ts';

/** Training of recognizers. */
export const recognizerMutants: readonly Mutant[] = [
  ...mutantsOf(
    'activities/recognizer-train/stage.ts',
    [train],
    [
      {
        name: 'recognizer-train/margin',
        find: 'head: { loss, m, h, s, t_alpha },',
        replace: 'head: { loss, m: 0, h, s, t_alpha },',
        breaks: 'the margin is 0',
      },
      {
        name: 'recognizer-train/scale',
        find: 'head: { loss, m, h, s, t_alpha },',
        replace: 'head: { loss, m, h, s: 64, t_alpha },',
        breaks: 'the scale is always 64',
      },
      {
        name: 'recognizer-train/weight-decay',
        find: 'weightDecay: params.weightDecay,',
        replace: 'weightDecay: 0,',
        breaks: 'weights do not decay',
      },
      {
        name: 'recognizer-train/momentum',
        find: 'momentum: params.momentum,',
        replace: 'momentum: 0,',
        breaks: 'there is no momentum',
      },
      {
        name: 'recognizer-train/one-order',
        find: 'planner.at(step);',
        replace: 'planner.at(step % stepsPerEpoch);',
        breaks: 'every epoch has the same order',
      },
      {
        name: 'recognizer-train/milestones',
        find: 'rateAt({ rate: scaled, milestones, gamma,',
        replace: 'rateAt({ rate: scaled, milestones: [], gamma,',
        breaks: 'the rate never drops',
      },
      {
        name: 'recognizer-train/gamma',
        find: 'rateAt({ rate: scaled, milestones, gamma,',
        replace: 'rateAt({ rate: scaled, milestones, gamma: 0.1,',
        breaks: 'the rate always drops to a tenth',
      },
      {
        name: 'recognizer-train/warmup',
        find: 'warmupSteps: warmup }',
        replace: 'warmupSteps: 0 }',
        breaks: 'the rate does not warm up',
      },
    ],
  ),
  ...mutantsOf(
    'nn/layers/linear.ts',
    ['test/nn/layers/dropout.test.ts'],
    [
      {
        name: 'dropout/keeps-what-it-should-drop',
        find: 'tf.greaterEqual(uniform, rate)',
        replace: 'tf.less(uniform, rate)',
        breaks: 'dropout keeps what it should drop',
      },
      {
        name: 'dropout/not-rescaled',
        find: '1 / (1 - rate))',
        replace: '1)',
        breaks: 'dropout does not rescale what it keeps',
      },
    ],
  ),
  ...mutantsOf(
    'nn/recognizer/backbone.ts',
    ['test/nn/layers/dropout.test.ts'],
    [
      {
        name: 'backbone/dropout-rate',
        find: 'dropout(h, config.dropout, ',
        replace: 'dropout(h, 0.5, ',
        breaks: 'dropout is always one half',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/sgd.ts',
    ['test/nn/optim/sgd.test.ts'],
    [
      {
        name: 'sgd/nesterov',
        find: 'parameter.sub(buffer.mul(rate))',
        replace: 'parameter.sub(gradient.add(buffer.mul(momentum)).mul(rate))',
        breaks: 'the momentum is that of Nesterov',
      },
      {
        name: 'sgd/everything-decays',
        find: 'weightDecay > 0 && decayed(name)',
        replace: 'weightDecay > 0',
        breaks: 'batch norms decay as well',
      },
      {
        name: 'sgd/milestone-late',
        find: 'epoch >= milestone',
        replace: 'epoch > milestone',
        breaks: 'the rate drops an epoch late',
      },
      {
        name: 'sgd/warmup-from-zero',
        find: '(step + 1) / Math.max(1, warmupSteps)',
        replace: 'step / Math.max(1, warmupSteps)',
        breaks: 'the first step has a rate of 0',
      },
    ],
  ),
  ...mutantsOf(
    'data/augment/augment.ts',
    [train],
    [
      {
        name: 'augment/pixel-scale',
        find: 'for (let i = at; i < end; i++) target[i] = (target[i] as number) / 127.5 - 1;',
        replace: 'for (let i = at; i < end; i++) target[i] = (target[i] as number) / 128 - 1;',
        breaks: 'a recognizer trains on x = p / 128 − 1',
      },
    ],
  ),
  ...mutantsOf(
    'data/augment/augment.ts',
    ['test/methods/cemiface/train.test.ts'],
    [
      {
        name: 'copy/pixel-scale',
        find: '(pixels[from + c] as number) / 127.5 - 1',
        replace: '(pixels[from + c] as number) / 128 - 1',
        breaks: 'generators train, and embeddings are taken, on x = p / 128 − 1',
      },
      {
        name: 'copy/mirror',
        find: 'const from = (y * width + (mirrored ? width - 1 - x : x)) * 3;',
        replace: 'const from = (y * width + x) * 3;',
        breaks: 'nothing is mirrored',
      },
    ],
  ),
  ...mutantsOf(
    'activities/recognizer-train/stage.ts',
    [train],
    [
      {
        name: 'recognizer-train/one-dropout',
        find: 'dropoutSeed(seed, step, microBatch), microBatch)',
        replace: 'dropoutSeed(seed, 0, microBatch), microBatch)',
        breaks: 'every step drops the same elements',
      },
      {
        name: 'recognizer-train/lr',
        find: 'rate: tf.scalar(rate),',
        replace: 'rate: tf.scalar(0.1),',
        breaks: 'the learning rate is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'data/loader/augmented.ts',
    [train],
    [
      {
        name: 'augmented/one-augmentation',
        find: "randomStream(seed, 'augment', epochOf(row), row)",
        replace: "randomStream(seed, 'augment', row)",
        breaks: 'every epoch augments an image in the same way',
      },
    ],
  ),
  ...mutantsOf(
    'training/recognizer.ts',
    ['test/activities/recognizer.test.ts'],
    [
      {
        name: 'embedder/first-batch',
        find: 'into.set(found, step * embedBatch * this.size);',
        replace: 'into.set(found, 0);',
        breaks: 'the embeddings of later batches overwrite the first ones',
      },
      {
        name: 'embedder/rows',
        find: 'rows.slice(step * embedBatch, (step + 1) * embedBatch)',
        replace: 'rows.slice(0, embedBatch)',
        breaks: 'the first batch is embedded again and again',
      },
    ],
  ),
];
