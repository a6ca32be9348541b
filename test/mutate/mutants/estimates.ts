import { type Mutant, mutantsOf } from '../mutant.ts';

const counts = ['test/nn/multiplications.test.ts'];

/** What a plan is estimated to cost. */
export const estimateMutants: readonly Mutant[] = [
  ...mutantsOf('nn/unet/count.ts', counts, [
    {
      name: 'estimate/attention-without-tokens',
      find: '(positions + tokens)',
      replace: 'positions',
      breaks: 'attention to condition tokens is not counted',
    },
    {
      name: 'estimate/size-before-resampling',
      find: "'down' ? positions / 4",
      replace: "'down' ? positions / 2",
      breaks: 'halving a map leaves half of its positions, not a quarter',
    },
  ]),
  ...mutantsOf('methods/idiff-face/unet/count.ts', counts, [
    {
      name: 'estimate/transposed-kernel',
      find: '(doubles ? 16 : 9)',
      replace: '9',
      breaks: 'a transposed convolution counts with a kernel of 3 × 3',
    },
  ]),
  ...mutantsOf(
    'core/estimate.ts',
    ['test/methods/estimates.test.ts', 'test/spec/estimate.test.ts'],
    [
      {
        name: 'estimate/recompute-for-free',
        find: '(recompute ? 4 : 3)',
        replace: '3',
        breaks: 'computing blocks again costs nothing',
      },
      {
        name: 'estimate/frozen-for-free',
        find: '=> 2 * forward',
        replace: '=> forward',
        breaks: 'the gradient through a frozen recognizer costs nothing',
      },
      {
        name: 'estimate/incomplete-batches',
        find: 'Math.floor(images / batch)',
        replace: 'Math.ceil(images / batch)',
        breaks: 'the last incomplete batch is counted as a whole one',
      },
    ],
  ),
  ...mutantsOf(
    'spec/estimate.ts',
    ['test/spec/estimate.test.ts'],
    [
      {
        name: 'estimate/expected-over-stored',
        find: 'known.bytes ?? expectedBytes',
        replace: 'expectedBytes ?? known.bytes',
        breaks: 'what is stored counts as what was expected',
      },
    ],
  ),
];
