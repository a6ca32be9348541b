import { type Mutant, mutantsOf } from '../mutant.ts';

const golden = 'test/methods/dcface/golden.test.ts';
const published = 'test/methods/dcface/import.test.ts';
const pairs = 'test/methods/dcface/pairs.test.ts';

/** DCFace's conditions, loss and samples. */
export const dcfaceMutants: readonly Mutant[] = [
  ...mutantsOf(
    'methods/dcface/loss.ts',
    [golden],
    [
      {
        name: 'dcface/time-reversed',
        find: 'tf.mean(gamma.mul(distance(subject)).add(tf.sub(1, gamma).mul(distance(own))))',
        replace: 'tf.mean(gamma.mul(distance(own)).add(tf.sub(1, gamma).mul(distance(subject))))',
        breaks: 'noisy samples are asked for their own identity, clean ones for that of the identity image',
      },
    ],
  ),
  ...mutantsOf(
    'methods/dcface/style.ts',
    [golden],
    [
      {
        name: 'dcface/true-variance',
        find: 'const spread = mean.sub(statistic(tf.square(map) as tf.Tensor4D));',
        replace: 'const spread = statistic(tf.square(map) as tf.Tensor4D).sub(tf.square(mean));',
        breaks: 'the second statistic of a style is the variance, which the published code does not compute',
      },
      {
        name: 'dcface/transposed-patches',
        find: '.reshape([b, grid, patch, grid, patch * size])',
        replace: '.reshape([b, patch, grid, grid, patch * size]).transpose([0, 2, 1, 3, 4])',
        breaks: 'a patch is made of every k-th row',
      },
    ],
  ),
  ...mutantsOf(
    'methods/dcface/identity.ts',
    [golden],
    [
      {
        name: 'dcface/last-unit',
        find: 'unitsOf(config).length - (config.depths.at(-1) as number)',
        replace: 'unitsOf(config).length - 1',
        breaks: 'identity tokens are those of the last unit',
      },
    ],
  ),
  ...mutantsOf(
    'methods/dcface/pairs.ts',
    [pairs],
    [
      {
        name: 'dcface/itself',
        find: '.filter((each) => each !== target)',
        replace: '.filter((each) => each >= 0)',
        breaks: 'an image shows its own identity',
      },
    ],
  ),
  ...mutantsOf(
    'methods/dcface/import/names.ts',
    [published],
    [
      {
        name: 'dcface/last-for-average',
        find: "{ average: 'ema_model.averaged_model.', last: 'model.' }",
        replace: "{ average: 'model.', last: 'ema_model.averaged_model.' }",
        breaks: 'the last values of the UNet are taken for its average',
      },
      {
        name: 'dcface/variance-for-noise',
        find: 'values.slice(0, values.length / 2)',
        replace: 'values.slice(values.length / 2)',
        breaks: 'the variance of a published UNet is taken for its noise',
      },
    ],
  ),
  ...mutantsOf(
    'methods/dcface/import/stage.ts',
    [published],
    [
      {
        name: 'dcface/any-recognizer',
        find: 'values.every((value, i) => value === own.data[i])',
        replace: 'values.every((value, i) => value === value + i * 0)',
        breaks: 'styles are read by another recognizer than in training',
      },
    ],
  ),
  ...mutantsOf(
    'methods/dcface/import/refuse.ts',
    [published],
    [
      {
        name: 'dcface/any-setting',
        find: 'typeof found === typeof value && found !== value',
        replace: "typeof found === 'undefined' && found !== value",
        breaks: 'a network with another order of attention heads is taken in',
      },
      {
        name: 'dcface/any-halving',
        find: 'halved === (level === unhalved)',
        replace: 'halved === (level < 0)',
        breaks: 'a network that halves other levels is taken in',
      },
    ],
  ),
];
