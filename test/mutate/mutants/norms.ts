import { type Mutant, mutantsOf } from '../mutant.ts';

/** Normalisation, what of it decays, and the order of colours. */
export const normMutants: readonly Mutant[] = [
  ...mutantsOf(
    'nn/kernels/group-norm.ts',
    ['test/nn/kernels/kernels.test.ts', 'test/nn/golden-layers.test.ts'],
    [
      {
        name: 'group-norm/one-pass',
        find: 'groupMean(sumPositions(tf.squaredDifference(x, rows(mean))))',
        replace: 'groupMean(sumPositions(tf.square(x))).sub(mean.square())',
        breaks: 'the variance is E[x²] − μ², which loses its digits',
      },
      { name: 'group-norm/eps', find: 'eps = 1e-5', replace: 'eps = 1e-3', breaks: 'eps is 1e-3' },
      { name: 'group-norm/eps-small', find: 'eps = 1e-5', replace: 'eps = 1e-8', breaks: 'eps is 1e-8' },
      {
        name: 'group-norm/gradient-without-k2',
        find: '.sub(x0.mul(rows(r.mul(k2))))',
        replace: '',
        breaks: 'the gradient lacks the way through the variance',
      },
      {
        name: 'group-norm/gradient-without-k1',
        find: 'r.mul(mean.mul(k2).sub(k1))',
        replace: 'r.mul(mean.mul(k2))',
        breaks: 'the gradient lacks the way through the mean',
      },
      {
        name: 'group-norm/gradient-of-scale',
        find: 'sumPositions(dy.mul(x0)).sub(mean.mul(d1))',
        replace: 'sumPositions(dy.mul(x0))',
        breaks: 'the gradient of the scale is not centred',
      },
      {
        name: 'group-norm/gradient-of-shift',
        find: 'shift: () => d1',
        replace: 'shift: () => d1.div(2)',
        breaks: 'the gradient of the shift is halved',
      },
      {
        name: 'group-norm/shift-not-scaled',
        find: 'beta.mul(one).add(film.shift)',
        replace: 'beta.add(film.shift)',
        breaks: 'AdaGN does not scale beta',
      },
      {
        name: 'group-norm/scale-without-one',
        find: 'film.scale.add(1)',
        replace: 'film.scale',
        breaks: 'AdaGN scales by s, not by 1 + s',
      },
      {
        name: 'group-norm/size',
        find: '(h * w * c) / groups',
        replace: 'h * w * groups',
        breaks: 'means are divided by another number',
      },
    ],
  ),
  ...mutantsOf(
    'nn/layers/batch-norm.ts',
    ['test/nn/layers/layers.test.ts', 'test/nn/golden-layers.test.ts'],
    [
      {
        name: 'batch-norm/eps',
        find: 'eps = 1e-5): Normalised',
        replace: 'eps = 1e-3): Normalised',
        breaks: 'eps is 1e-3 in training',
      },
      {
        name: 'batch-norm/frozen-eps',
        find: `eps = 1e-5,
): { scale: tf.Tensor;`,
        replace: `eps = 1e-3,
): { scale: tf.Tensor;`,
        breaks: 'eps is 1e-3 in inference',
      },
    ],
  ),
  ...mutantsOf(
    'nn/recognizer/backbone.ts',
    ['test/nn/recognizer/backbone.test.ts', 'test/nn/golden-networks.test.ts'],
    [
      {
        name: 'backbone/bgr-never',
        find: `config.channels === 'bgr' ? tf.reverse(x, 3) : x`,
        replace: 'x',
        breaks: 'bgr is read as rgb',
      },
      {
        name: 'backbone/bgr-mirrored',
        find: 'tf.reverse(x, 3) : x',
        replace: 'tf.reverse(x, 2) : x',
        breaks: 'bgr mirrors the image',
      },
    ],
  ),
  ...mutantsOf(
    'nn/recognizer/train-step.ts',
    ['test/activities/recognizer-weight-decay.test.ts'],
    [
      {
        name: 'train-step/norms-spared',
        find: 'decayNorms || !spared.has(name)',
        replace: '!spared.has(name)',
        breaks: 'decayNorms is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'activities/recognizer-train/stage.ts',
    ['test/activities/recognizer-weight-decay.test.ts'],
    [
      {
        name: 'recognizer-train/decay-norms',
        find: 'decayNorms: params.decayNorms,',
        replace: '',
        breaks: 'decayNorms is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'artifacts/codecs/recognizer.ts',
    ['test/activities/recognizer-channels.test.ts', 'test/artifacts/codecs.test.ts'],
    [
      {
        name: 'recognizer-codec/channels',
        find: `channels: network.oneOf('channels', ['rgb', 'bgr']),`,
        replace: `channels: 'rgb',`,
        breaks: 'stages that use the weights read rgb',
      },
    ],
  ),
  ...mutantsOf(
    'nn/recognizer/config.ts',
    ['test/nn/recognizer/backbone.test.ts'],
    [
      {
        name: 'config/dropout',
        find: 'dropout: 0.4,',
        replace: 'dropout: 0.5,',
        breaks: 'AdaFace’s networks drop one half',
      },
    ],
  ),
];
