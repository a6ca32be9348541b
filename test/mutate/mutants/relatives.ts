import type { Mutant } from '../mutant.ts';

const findings = ['test/provenance/findings.test.ts'];
const augmented = ['test/data/loader/augmented.test.ts'];

/** Faults like those of the other lists that survived when a reviewer tried them, until tests were written for them. */
export const relativeMutants: readonly Mutant[] = [
  {
    name: 'augment/erase-ratio',
    file: 'data/augment/augment.ts',
    find: '[Math.log(0.3), Math.log(3.3)]',
    replace: '[Math.log(1 / 3.3), Math.log(3.3)]',
    breaks: 'ratios of erased rectangles begin at 1 / 3.3',
    tests: ['test/data/augment.test.ts'],
  },
  {
    name: 'augmented/of-place',
    file: 'data/loader/augmented.ts',
    find: 'epochOf(row), row)',
    replace: 'epochOf(row), i)',
    breaks: 'augmentation depends on the place in the batch',
    tests: augmented,
  },
  {
    name: 'augmented/of-seed',
    file: 'data/loader/augmented.ts',
    find: "randomStream(seed, 'augment'",
    replace: "randomStream(0, 'augment'",
    breaks: 'every seed augments alike',
    tests: augmented,
  },
  {
    name: 'load/first-seen',
    file: 'data/loader/load.ts',
    find: '[...new Set(identities)].sort((a, b) => a - b)',
    replace: '[...new Set(identities)]',
    breaks: 'classes are numbered as they appear',
    tests: ['test/data/loader/load.test.ts'],
  },
  {
    name: 'random/order-of-tags',
    file: 'core/random.ts',
    find: 'JSON.stringify([seed, ...tags])',
    replace: 'JSON.stringify([seed, ...tags].sort())',
    breaks: 'draws whose seed and tags are exchanged are the same',
    tests: ['test/training/planner.test.ts'],
  },
  {
    name: 'adamw/eps-inside',
    file: 'nn/optim/adamw.ts',
    find: 'tf.sqrt(v).div(correction2).add(eps)',
    replace: 'tf.sqrt(v.add(eps)).div(correction2)',
    breaks: 'eps stands under the root',
    tests: ['test/nn/optim/adamw.test.ts'],
  },
  {
    name: 'similarity/edges',
    file: 'metrics/similarity.ts',
    find: 'binOf(value, tableEdges)',
    replace: 'Math.min(binOf(value, tableEdges), tableEdges.length - 1)',
    breaks: 'identities above 0.5 count as 0.4 … 0.5',
    tests: ['test/metrics/similarity.test.ts'],
  },
  {
    name: 'seeds/same-model',
    file: 'provenance/findings/seeds.ts',
    find: 'judge.key !== guide.key && ',
    replace: '',
    breaks: 'a judge that is the guide itself counts as a second network',
    tests: findings,
  },
  {
    name: 'seeds/some',
    file: 'provenance/findings/seeds.ts',
    find: 'new Set(group.map(({ key }) => key)).size < group.length',
    replace: 'new Set(group.map(({ key }) => key)).size === 1',
    breaks: 'repetitions are reported only where all are the same',
    tests: findings,
  },
  {
    name: 'embedder/one-view',
    file: 'training/recognizer.ts',
    find: '`${digest} ${options.view} ${options.precision}`',
    replace: '`${digest} ${options.precision}`',
    breaks: 'the next stage gets the embedder of another view',
    tests: ['test/activities/recognizer.test.ts'],
  },
];
