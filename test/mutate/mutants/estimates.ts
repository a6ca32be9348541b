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
    'spec/rates.ts',
    ['test/spec/costs.test.ts'],
    [
      {
        name: 'estimate/one-operation-a-multiplication',
        find: '=> 2 * multiplyAdds',
        replace: '=> multiplyAdds',
        breaks: 'the additions are not counted',
      },
      {
        name: 'estimate/oldest-records',
        find: '(a.endedAt < b.endedAt ? 1 : -1)).slice(0, latestCount)',
        replace: '(a.endedAt < b.endedAt ? -1 : 1)).slice(0, latestCount)',
        breaks: 'the oldest records of a kind count, not the latest',
      },
      {
        name: 'estimate/any-precision',
        find: 'each.kind === kind && each.precision === precision',
        replace: 'each.kind === kind',
        breaks: 'a training in bfloat16 is estimated by one in float32',
      },
      {
        name: 'estimate/resumed-as-whole',
        find: '(toStep - fromStep) / toStep',
        replace: '1',
        breaks: 'a training that resumed near its end counts as a very fast one',
      },
      {
        name: 'estimate/shards-for-free',
        find: 'const seconds = records.reduce(',
        replace: 'const seconds = [record].reduce(',
        breaks: 'the time of shards is not counted',
      },
      {
        name: 'estimate/upper-median',
        find: 'Math.floor(middle - 0.5)',
        replace: 'Math.floor(middle)',
        breaks: 'of two rates the larger one counts as their median',
      },
    ],
  ),
  ...mutantsOf(
    'spec/repeats.ts',
    ['test/spec/repeats.test.ts'],
    [
      {
        name: 'estimate/repeats-stop-at-inputs',
        find: 'repeats.get($node) ?? $node',
        replace: '$node',
        breaks: 'what builds on two nodes that are one action counts twice',
      },
    ],
  ),
  ...mutantsOf(
    'workflows/budget.ts',
    ['test/workflows/budget.test.ts'],
    [
      {
        name: 'budget/running-for-free',
        find: 'this.#spentSeconds + runningSeconds + estimatedSeconds',
        replace: 'this.#spentSeconds + estimatedSeconds',
        breaks: 'stages under way are not expected to take anything',
      },
      {
        name: 'budget/only-what-is-spent',
        find: 'this.#spentSeconds + runningSeconds + estimatedSeconds',
        replace: 'this.#spentSeconds + runningSeconds',
        breaks: 'a run stops only once it has spent too much',
      },
      {
        name: 'budget/last-action-alone',
        find: 'this.#spentSeconds += seconds',
        replace: 'this.#spentSeconds = seconds',
        breaks: 'only the action that ended last counts as spent',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/publish/costs.ts',
    ['test/provenance/costs.test.ts'],
    [
      {
        name: 'costs/twins-twice',
        find: 'counted.add(key);',
        replace: '',
        breaks: 'an action of two nodes counts as spent twice',
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
