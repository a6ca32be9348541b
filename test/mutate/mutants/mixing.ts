import { type Mutant, mutantsOf } from '../mutant.ts';

const golden = 'test/nn/golden-training.test.ts';
const samples = 'test/activities/recognizer-samples.test.ts';
const degrade = 'test/data/degrade.test.ts';
const heads = 'test/methods/digiface/draw.test.ts';

/** Soft labels, second sets, photos made worse, plateaus, and DigiFace's heads. */
export const mixingMutants: readonly Mutant[] = [
  ...mutantsOf(
    'nn/recognizer/margin.ts',
    [golden],
    [
      {
        name: 'mixing/unshared-logits',
        find: '(target.share ? tf.mul(make(target), target.share) : make(target))',
        replace: 'make(target)',
        breaks: 'every class of an image counts in full',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/clip.ts',
    [golden],
    [
      {
        name: 'clip/each-alone',
        find: 'squares.reduce((sum, each) => tf.add(sum, each))',
        replace: 'squares[0] as tf.Tensor',
        breaks: 'the length is that of the first gradient alone',
      },
      {
        name: 'clip/lengthens',
        find: 'tf.minimum(tf.div(limit, tf.add(length, 1e-6)), 1)',
        replace: 'tf.div(limit, tf.add(length, 1e-6))',
        breaks: 'short gradients are made longer',
      },
    ],
  ),
  ...mutantsOf(
    'training/plateau.ts',
    ['test/training/plateau.test.ts'],
    [
      {
        name: 'plateau/patience',
        find: '++waited > patience',
        replace: '++waited >= patience',
        breaks: 'the rate falls one validation early',
      },
      {
        name: 'plateau/any-better',
        find: 'value > best * better',
        replace: 'value > best',
        breaks: 'a value that is better by a hair counts',
      },
      {
        name: 'plateau/last-best',
        find: 'values.indexOf(Math.max',
        replace: 'values.lastIndexOf(Math.max',
        breaks: 'an equal value counts as better, and the training goes on',
      },
    ],
  ),
  ...mutantsOf(
    'activities/recognizer-train/samples.ts',
    ['test/activities/recognizer-train.test.ts', samples],
    [
      {
        name: 'recognizer-train/labels',
        find: 'rows.map((row) => all.labels[row] as number)',
        replace: 'rows.map((_, i) => all.labels[i] as number)',
        breaks: 'images have the classes of other images',
      },
    ],
  ),
  ...mutantsOf(
    'activities/recognizer-train/samples.ts',
    ['test/activities/recognizer-train.test.ts'],
    [
      {
        name: 'recognizer-train/one-augmentation',
        find: 'const recipe = { augment, seed, epoch };',
        replace: 'const recipe = { augment, seed, epoch: 0 };',
        breaks: 'every epoch augments an image in the same way',
      },
    ],
  ),
  ...mutantsOf(
    'activities/recognizer-train/samples.ts',
    [samples],
    [
      {
        name: 'mixing/few-ratios',
        find: 'Math.floor(21 *',
        replace: 'Math.floor(20 *',
        breaks: 'a step of domain mixup never leaves the first images whole',
      },
      {
        name: 'mixing/own-share',
        find: '[[labels[i] as number, kept * ratio]]',
        replace: '[[labels[i] as number, ratio]]',
        breaks: 'shares of an image add up to more than 1',
      },
      {
        name: 'mixing/other-share',
        find: 'kept * (1 - ratio)]',
        replace: 'kept * ratio]',
        breaks: 'the other person has the share of the own',
      },
      {
        name: 'mixing/in-order',
        find: "permutation(batch, seed, 'both sets', step)",
        replace: 'Int32Array.from({ length: batch }, (_, i) => i)',
        breaks: 'a part of a batch has images of one set alone',
      },
    ],
  ),
  ...mutantsOf(
    'data/images.ts',
    [samples],
    [
      {
        name: 'mixing/same-classes',
        find: 'label + first.classes',
        replace: 'label',
        breaks: 'people of the second set have the classes of the first',
      },
    ],
  ),
  ...mutantsOf(
    'data/loader/augmented.ts',
    [samples],
    [
      {
        name: 'mixing/blend-reversed',
        find: '(1 - blend.share) * (others[i] as number)',
        replace: 'blend.share * (others[i] as number)',
        breaks: 'blended pixels are too dark or too bright',
      },
      {
        name: 'mixing/blend-epoch',
        find: '() => blend.epoch',
        replace: '() => recipe.epoch',
        breaks: 'images of the second set are augmented alike each time round',
      },
    ],
  ),
  ...mutantsOf(
    'data/augment/degrade.ts',
    [degrade],
    [
      {
        name: 'degrade/always',
        find: 'probabilities[name] > 0 && uniform() < probabilities[name]',
        replace: 'probabilities[name] > 0',
        breaks: 'what may happen happens each time',
      },
      {
        name: 'degrade/cut-side',
        find: 'Math.round(height * Math.sqrt(area / ratio))',
        replace: 'Math.round((height * area) / ratio)',
        breaks: 'a cut leaves too little',
      },
      {
        name: 'degrade/noise-variance',
        find: 'deviation * normal()',
        replace: 'deviation * deviation * normal()',
        breaks: 'noise is as strong as its variance',
      },
    ],
  ),
  ...mutantsOf(
    'data/augment/jpeg-loss.ts',
    [degrade],
    [
      {
        name: 'jpeg/quality',
        find: '200 - 2 * quality',
        replace: '200 - quality',
        breaks: 'files of high quality lose too much',
      },
      {
        name: 'jpeg/one-table',
        find: 'scaled(chrominance, quality), scaled(chrominance, quality)',
        replace: 'scaled(luminance, quality), scaled(luminance, quality)',
        breaks: 'colours are quantised as brightness is',
      },
    ],
  ),
  ...mutantsOf(
    'data/augment/resample.ts',
    [degrade],
    [
      {
        name: 'resample/gaussian',
        find: '(2 * sigma * sigma)',
        replace: '(sigma * sigma)',
        breaks: 'a blur is too narrow',
      },
      {
        name: 'resample/area',
        find: 'Math.min(end, at + 1) - Math.max(begin, at)',
        replace: 'at + 1 - Math.max(begin, at)',
        breaks: 'an area reaches beyond its new pixel',
      },
    ],
  ),
  ...mutantsOf(
    'methods/digiface/heads.ts',
    [heads],
    [
      {
        name: 'digiface/one-look',
        find: 'Math.floor(image / imagesPerSet)',
        replace: 'image',
        breaks: 'each image has accessories of its own',
      },
      {
        name: 'digiface/clamped',
        find: 'if (Math.abs(value) <= limit) return value;',
        replace: 'return Math.max(-limit, Math.min(value, limit));',
        breaks: 'poses gather at the limits',
      },
      {
        name: 'digiface/worn',
        find: 'wear: 0 }',
        replace: 'wear: 1 }',
        breaks: 'rendered heads are blurred as photos are',
      },
    ],
  ),
];
