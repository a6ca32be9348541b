import { type Mutant, mutantsOf } from '../mutant.ts';

/** Margin-softmax heads. */
export const headMutants: readonly Mutant[] = [
  ...mutantsOf(
    'nn/recognizer/margin.ts',
    ['test/nn/recognizer/margin.test.ts'],
    [
      {
        name: 'arcface/penalty',
        find: 'margin * Math.sin(margin)',
        replace: 'Math.sin(margin)',
        breaks: 'the linear penalty lacks the factor m',
      },
      {
        name: 'arcface/no-penalty',
        find: 'Math.cos(Math.PI - margin)',
        replace: '-1',
        breaks: 'beyond π − m the cosine rises again',
      },
      {
        name: 'arcface/penalty-everywhere',
        find: 'Math.cos(Math.PI - margin)',
        replace: 'Math.cos(margin)',
        breaks: 'the penalty begins too early',
      },
      {
        name: 'adaface/turned-outwards',
        find: 'tf.sub(tf.acos(target), tf.mul(z, margin))',
        replace: 'tf.add(tf.acos(target), tf.mul(z, margin))',
        breaks: 'the angular margin has the wrong sign',
      },
      {
        name: 'adaface/added-margin',
        find: 'tf.mul(tf.add(z, 1), margin)',
        replace: 'tf.mul(z, margin)',
        breaks: 'g_add lacks m',
      },
      {
        name: 'adaface/biased-deviation',
        find: 'norms.shape[0] - 1',
        replace: 'norms.shape[0]',
        breaks: 'the deviation is not that of a sample',
      },
      {
        name: 'adaface/norm-limit',
        find: 'tf.clipByValue(norms, 0.001, 100)',
        replace: 'tf.clipByValue(norms, 0.001, 1000)',
        breaks: 'norms above 100 count',
      },
      {
        name: 'adaface/norm-floor',
        find: 'tf.clipByValue(norms, 0.001, 100)',
        replace: 'tf.clipByValue(norms, 0, 100)',
        breaks: 'norms below 0.001 count',
      },
      {
        name: 'adaface/deviation-eps',
        find: 'tf.add(sigma, eps)',
        replace: 'sigma',
        breaks: 'nothing is added to the deviation',
      },
      {
        name: 'adaface/z-limit',
        find: 'tf.clipByValue(scaled, -1, 1)',
        replace: 'tf.clipByValue(scaled, -2, 2)',
        breaks: 'z may leave [-1, 1]',
      },
      {
        name: 'adaface/t-alpha',
        find: 'tf.add(tf.mul(value, t_alpha), tf.mul(statistics[name] as tf.Tensor, 1 - t_alpha))',
        replace: 'tf.add(tf.mul(value, 1 - t_alpha), tf.mul(statistics[name] as tf.Tensor, t_alpha))',
        breaks: 'the running statistics are those of the batch',
      },
      {
        name: 'adaface/old-statistics',
        find: 'tf.sub(safe, mu)',
        replace: `tf.sub(safe, statistics['head.batch_mean'] as tf.Tensor)`,
        breaks: 'the batch is compared with the mean before it',
      },
      {
        name: 'adaface/unscaled-z',
        find: 'tf.add(sigma, eps)), h)',
        replace: 'tf.add(sigma, eps)), 1)',
        breaks: 'h is ignored',
      },
      {
        name: 'adaface/eps',
        find: `head.loss === 'adaface' ? 1e-3 : 1e-4`,
        replace: '1e-4',
        breaks: 'cosines of AdaFace keep 1e-4 from ±1',
      },
      {
        name: 'adaface/angle-eps',
        find: 'eps, Math.PI - eps)',
        replace: '0, Math.PI)',
        breaks: 'the turned angle may reach 0 and π',
      },
      {
        name: 'cosface/every-class',
        find: 'tf.sub(cosine, tf.mul(oneHot, margin))',
        replace: 'tf.sub(cosine, margin)',
        breaks: 'the margin is taken off every class, which changes nothing',
      },
      {
        name: 'margin/rows-of-kernel',
        find: 'tf.sum(tf.square(kernel), 0, true)',
        replace: 'tf.sum(tf.square(kernel))',
        breaks: 'the classifier’s columns keep their lengths',
      },
      {
        name: 'margin/sum-of-losses',
        find: 'tf.mean(rowLosses(logits, oneHot))',
        replace: 'tf.sum(rowLosses(logits, oneHot)) as tf.Scalar',
        breaks: 'the loss grows with the batch',
      },
    ],
  ),
];
