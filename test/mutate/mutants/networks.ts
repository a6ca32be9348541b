import { type Mutant, mutantsOf } from '../mutant.ts';

const diffusion = 'test/nn/diffusion/diffusion.test.ts';

/** Diffusion and optimizers. */
export const networkMutants: readonly Mutant[] = [
  ...mutantsOf(
    'nn/diffusion/schedule.ts',
    [diffusion],
    [
      {
        name: 'schedule/last-beta',
        find: 'last = 2e-2',
        replace: 'last = 1e-2',
        breaks: 'the last beta is 0.01',
      },
      {
        name: 'schedule/off-by-one',
        find: '((last - first) * t) / (steps - 1)',
        replace: '((last - first) * t) / steps',
        breaks: 'the last beta is not reached',
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/prediction.ts',
    [diffusion],
    [
      {
        name: 'prediction/q-sample',
        find: 'clean.mul(tf.sqrt(a)).add(noise.mul(tf.sqrt(tf.sub(1, a))))',
        replace: 'clean.mul(a).add(noise.mul(tf.sub(1, a)))',
        breaks: 'x_t lacks the square roots',
      },
      {
        name: 'prediction/velocity-sign',
        find: 'noise.mul(tf.sqrt(a)).sub(clean.mul(tf.sqrt(tf.sub(1, a))))',
        replace: 'noise.mul(tf.sqrt(a)).add(clean.mul(tf.sqrt(tf.sub(1, a))))',
        breaks: 'the velocity has the wrong sign',
      },
      {
        name: 'prediction/not-clipped',
        find: 'clip ? tf.clipByValue(clean, -1, 1) : clean',
        replace: 'clip ? clean : clean',
        breaks: 'the predicted image is not clipped',
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/steps.ts',
    [diffusion],
    [
      {
        name: 'ddim/last-target',
        find: '(schedule.alphaBar[times[i + 1] as number] as number) : 1',
        replace: '(schedule.alphaBar[times[i + 1] as number] as number) : (schedule.alphaBar[0] as number)',
        breaks: 'the last step leaves noise in the image',
      },
      {
        name: 'ddim/eta-not-squared',
        find: 'share.mul(eta * eta)',
        replace: 'share.mul(eta)',
        breaks: 'eta scales the variance, not the deviation',
      },
      {
        name: 'ancestral/variance',
        find: 'tf.where(last, tf.zerosLike(beta), tf.sqrt(beta))',
        replace: 'tf.where(last, tf.zerosLike(beta), beta)',
        breaks: 'noise has deviation β',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/adamw.ts',
    ['test/nn/optim/adamw.test.ts'],
    [
      {
        name: 'adamw/not-corrected',
        find: 'tf.sqrt(v).div(correction2).add(eps)',
        replace: 'tf.sqrt(v).add(eps)',
        breaks: 'the second moment is not corrected for its start at 0',
      },
      {
        name: 'adamw/coupled-decay',
        find: 'tf.sub(1, rate.mul(weightDecay))',
        replace: 'tf.sub(1, weightDecay)',
        breaks: 'weight decay does not follow the learning rate',
      },
      {
        name: 'adamw/no-square',
        find: 'gradient.square().mul(1 - beta2)',
        replace: 'gradient.abs().mul(1 - beta2)',
        breaks: 'the second moment is not that of the square',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/averaged.ts',
    ['test/methods/cemiface/train.test.ts'],
    [
      {
        name: 'ema/off',
        find: 'ema: average.w as tf.Tensor',
        replace: 'ema: moved.parameters.w as tf.Tensor',
        breaks: 'the moving average is the weights themselves',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/ema.ts',
    ['test/nn/optim/adamw.test.ts'],
    [
      {
        name: 'ema/turned',
        find: 'parameter.add(value.sub(parameter).mul(decay))',
        replace: 'value.add(parameter.sub(value).mul(decay))',
        breaks: 'average and weights are exchanged',
      },
      {
        name: 'ema/warm-up',
        find: '1 - (1 + step) ** -0.75',
        replace: '1 - (1 + step) ** -0.5',
        breaks: 'the average warms up more slowly',
      },
    ],
  ),
];
