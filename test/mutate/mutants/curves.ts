import { type Mutant, mutantsOf } from '../mutant.ts';

const events = 'test/formats/tensorboard.test.ts';
const logs = 'test/artifacts/training-log.test.ts';
const album = 'test/training/album.test.ts';
const grids = 'test/methods/grids.test.ts';
const resume = 'test/training/resume.test.ts';

/** Curves as event files, and grids of samples while a generator trains. */
export const curveMutants: readonly Mutant[] = [
  ...mutantsOf(
    'formats/tensorboard/record.ts',
    [events],
    [
      {
        name: 'curves/other-polynomial',
        find: '0x82f63b78',
        replace: '0xedb88320',
        breaks: 'checksums are those of CRC-32, which TensorBoard refuses',
      },
      {
        name: 'curves/unmasked',
        find: '(((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0',
        replace: 'crc',
        breaks: 'checksums are not masked',
      },
    ],
  ),
  ...mutantsOf(
    'formats/tensorboard/events.ts',
    [events],
    [
      {
        name: 'curves/order-of-names',
        find: 'a.step - b.step || (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0)',
        replace: 'a.step - b.step',
        breaks: 'a resumed training, whose curves come in another order, has other bytes',
      },
      {
        name: 'curves/no-first-event',
        find: 'files.push([first]);',
        replace: 'files.push(files.length === 0 ? [first] : []);',
        breaks: 'a second file does not say its version',
      },
    ],
  ),
  ...mutantsOf(
    'artifacts/training-log.ts',
    [logs],
    [
      {
        name: 'curves/own-tags',
        find: 'standardTags[name] ?? `train/${name}`',
        replace: '`train/${name}`',
        breaks: 'the learning rate has no usual name',
      },
    ],
  ),
  ...mutantsOf(
    'training/album.ts',
    [album],
    [
      {
        name: 'curves/forgotten-pictures',
        find: 'if (isDrawn(name))',
        replace: 'if (!isDrawn(name))',
        breaks: 'what earlier attempts drew is lost',
      },
      {
        name: 'curves/shared-pictures',
        find: 'data: array.data.slice()',
        replace: 'data: array.data',
        breaks: 'a checkpoint does not own its arrays',
      },
    ],
  ),
  ...mutantsOf(
    'training/loop.ts',
    [resume],
    [
      {
        name: 'curves/unsaved-pictures',
        find: ', ...album?.arrays }',
        replace: ' }',
        breaks: 'checkpoints hold no pictures',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/grids.ts',
    [grids],
    [
      {
        name: 'curves/grid-before-training',
        find: 'done > 0 && passed(done)',
        replace: 'passed(done)',
        breaks: 'a grid is drawn before anything is learned',
      },
      {
        name: 'curves/average-of-conditions',
        find: 'const weights = trainedWeights(state, method);',
        replace: 'const weights = trainedWeights(state, { denoiser: method.denoiser });',
        breaks: 'averages are drawn of parameters whose last values are stored',
      },
      {
        name: 'curves/columns-first',
        find: '(y * columns + column) * line',
        replace: '(column * rows * height + y) * line',
        breaks: 'the images of a grid are mixed up',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/grid.ts',
    [grids],
    [
      {
        name: 'curves/own-noises',
        find: '    noiseOf: () => 0,\n',
        replace: '',
        breaks: 'the images of a row have several noises, so that not only m varies',
      },
      {
        name: 'curves/first-values-of-m',
        find: 'grid[Math.round((column * (grid.length - 1)) / Math.max(1, columns - 1))]',
        replace: 'grid[column]',
        breaks: 'only the lowest values of m are shown',
      },
    ],
  ),
];
