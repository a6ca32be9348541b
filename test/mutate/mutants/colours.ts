import { type Mutant, mutantsOf } from '../mutant.ts';

/** Colour jitter, and the other augmentation. */
export const colourMutants: readonly Mutant[] = [
  ...mutantsOf(
    'data/augment/colour-jitter.ts',
    ['test/data/augment.test.ts', 'test/data/golden-augment.test.ts'],
    [
      { name: 'jitter/hue-halved', find: '6 * turns', replace: '3 * turns', breaks: 'hue turns half as far' },
      {
        name: 'jitter/hue-range',
        find: 'hue: around(0)',
        replace: 'hue: around(0) / 2',
        breaks: 'hue is drawn from half of its range',
      },
      {
        name: 'jitter/fixed-order',
        find: 'Math.floor(uniform() * (i + 1))',
        replace: '(uniform() < 0 ? 0 : i)',
        breaks: 'the four adjustments have a fixed order',
      },
      {
        name: 'jitter/no-fixed-point',
        find: 'Math.floor(uniform() * (i + 1))',
        replace: 'Math.floor(uniform() * i)',
        breaks: 'six of the 24 orders are drawn',
      },
      {
        name: 'jitter/not-clipped',
        find: 'Math.max(0, Math.min(value, 255))',
        replace: 'value',
        breaks: 'colours are not clipped between two adjustments',
      },
      {
        name: 'jitter/clipped-above-alone',
        find: 'Math.max(0, Math.min(value, 255))',
        replace: 'Math.min(value, 255)',
        breaks: 'colours may fall below 0',
      },
      {
        name: 'jitter/contrast-of-mid-grey',
        find: 'meanGrey(pixels) * (1 - factor)',
        replace: '127.5 * (1 - factor)',
        breaks: 'contrast works around mid-grey, not around the grey of the image',
      },
      {
        name: 'jitter/contrast-of-brightness',
        find: 'sum += greyOf(pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number);',
        replace: 'sum += ((pixels[i] as number) + (pixels[i + 1] as number) + (pixels[i + 2] as number)) / 3;',
        breaks: 'the mean grey weighs the three colours alike',
      },
      {
        name: 'jitter/luma',
        find: '0.2989 * r + 0.587 * g',
        replace: '0.587 * r + 0.2989 * g',
        breaks: 'red weighs as much as green should',
      },
      {
        name: 'jitter/luma-rounded',
        find: '0.2989 * r',
        replace: '0.299 * r',
        breaks: 'the weights are those of ITU-R BT.601, which torchvision cuts off',
      },
      {
        name: 'jitter/factors-exchanged',
        find: 'brightness: around(1), contrast: around(1)',
        replace: 'contrast: around(1), brightness: around(1)',
        breaks: 'contrast is drawn before brightness',
      },
      {
        name: 'jitter/hue-below',
        find: 'if (hue < 0) hue += 6;',
        replace: '',
        breaks: 'hues below red are not brought back',
      },
      {
        name: 'jitter/hue-above',
        find: 'if (hue >= 6) hue -= 6;',
        replace: '',
        breaks: 'hues above red are not brought back',
      },
      {
        name: 'jitter/blue-not-grey',
        find: 'pixels[i + 2] = clipped(b * factor + offset);',
        replace: 'pixels[i + 2] = clipped(b * factor);',
        breaks: 'saturation takes blue towards black',
      },
      {
        name: 'jitter/one-sided',
        find: '2 * uniform() - 1',
        replace: 'uniform()',
        breaks: 'colours are never darkened',
      },
      {
        name: 'jitter/hue-of-green',
        find: 'value === g ? 2 + (b - r) / chroma',
        replace: 'value === g ? 2 + (r - b) / chroma',
        breaks: 'green images turn the other way',
      },
    ],
  ),
  ...mutantsOf(
    'data/augment/augment.ts',
    ['test/data/augment.test.ts', 'test/data/golden-augment.test.ts'],
    [
      {
        name: 'augment/flip-turned',
        find: 'uniform() < options.flip',
        replace: 'uniform() >= options.flip',
        breaks: 'the probability of a mirror image is that of none',
      },
      {
        name: 'augment/erase-to-black',
        find: 'target.fill(0, at',
        replace: 'target.fill(-1, at',
        breaks: 'erased rectangles are black',
      },
      {
        name: 'augment/erase-whole',
        find: 'h >= height || w >= width',
        replace: 'h > height || w > width',
        breaks: 'a rectangle may erase the whole image',
      },
      {
        name: 'augment/crop-ratio',
        find: '[Math.log(3 / 4), Math.log(4 / 3)]',
        replace: '[0, 0]',
        breaks: 'crops are square',
      },
      {
        name: 'augment/linear-ratio',
        find: 'Math.exp(between(uniform, [Math.log(3 / 4), Math.log(4 / 3)]))',
        replace: 'between(uniform, [3 / 4, 4 / 3])',
        breaks: 'ratios are even, not their logarithms',
      },
      {
        name: 'augment/corners',
        find: '((i + 0.5) * length) / size - 0.5',
        replace: '(i * (length - 1)) / (size - 1)',
        breaks: 'resampling aligns corners',
      },
      {
        name: 'augment/nearest',
        find: 'share[i] = source - low;',
        replace: 'share[i] = 0;',
        breaks: 'resampling takes the pixel below',
      },
      {
        name: 'augment/beyond-crop',
        find: 'Math.min(low + 1, length - 1)',
        replace: 'low + 1',
        breaks: 'resampling reads beyond the crop',
      },
      {
        name: 'augment/crop-at-top',
        find: `const top = Math.floor(uniform() * (height - h + 1));
    return {`,
        replace: `const top = 0;
    return {`,
        breaks: 'crops lie at the top',
      },
    ],
  ),
];
