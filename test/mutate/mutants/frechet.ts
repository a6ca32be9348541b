import { type Mutant, mutantsOf } from '../mutant.ts';

const stage = 'test/activities/evaluate-frechet.test.ts';
const distance = 'test/metrics/frechet.test.ts';
const eigen = 'test/metrics/symmetric-eigen.test.ts';
const network = 'test/nn/golden-inception.test.ts';
const inception = 'test/activities/inception.test.ts';

/** The distance between two sets as a whole, and the stage that measures it. */
export const frechetMutants: readonly Mutant[] = [
  ...mutantsOf(
    'metrics/frechet.ts',
    [distance],
    [
      {
        name: 'frechet/biased',
        find: 'const freedom = count - 1;',
        replace: 'const freedom = count;',
        breaks: 'covariances are divided by N',
      },
      {
        name: 'frechet/not-centered',
        find: '(rows[at] as number) - (mean[k] as number)',
        replace: '(rows[at] as number)',
        breaks: 'second moments take the place of covariances',
      },
      {
        name: 'frechet/one-root',
        find: 'traces - 2 * ofRoot',
        replace: 'traces - ofRoot',
        breaks: 'the mixed term counts once',
      },
      {
        name: 'frechet/no-roots-of-first',
        find: '(roots[i] as number) * (roots[j] as number) *',
        replace: '(roots[i] as number) *',
        breaks: 'the product is not that of both covariances',
      },
      {
        name: 'frechet/eigenvalues',
        find: 'sum + positiveRoot(value), 0)',
        replace: 'sum + Math.max(0, value), 0)',
        breaks: 'eigenvalues are added up instead of their roots',
      },
      {
        name: 'frechet/diagonal',
        find: 'for (let j = i; j < size; j++)\n        sums',
        replace: 'for (let j = i; j < i + 1; j++)\n        sums',
        breaks: 'numbers of an embedding count as independent',
      },
      {
        name: 'frechet/without-means',
        find: 'sum + value * value, 0)',
        replace: 'sum + value * value * 0, 0)',
        breaks: 'means do not count',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-frechet/stage.ts',
    [stage],
    [
      {
        name: 'frechet-stage/view',
        find: "view: 'plain'",
        replace: "view: 'both'",
        breaks: 'mirror images are added',
      },
      {
        name: 'frechet-stage/copies',
        find: 'generatedRows(set, meta.generatedImages)',
        replace: 'generatedRows(set, undefined)',
        breaks: 'copies of inquiry images count as generated',
      },
      {
        name: 'frechet-stage/first-images',
        find: "permutation(candidates.length, seed, 'frechet', name)",
        replace: 'Int32Array.from(candidates.keys())',
        breaks: 'the first images are taken instead of drawn ones',
      },
      {
        name: 'frechet-stage/all-images',
        find: '.slice(0, params.images)',
        replace: '.slice()',
        breaks: 'the number of images is not heeded',
      },
      {
        name: 'frechet-stage/reference-by-data',
        find: "permutation(candidates.length, seed, 'frechet', name)",
        replace: "permutation(candidates.length, seed, 'frechet', params.data.digest)",
        breaks: 'each set is compared with other images of the reference',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-frechet/recompute.ts',
    [stage, inception],
    [
      {
        name: 'frechet-recompute/swapped',
        find: "[await fitted('data'), await fitted('reference')]",
        replace: "[await fitted('reference'), await fitted('data')]",
        breaks: 'an audit takes one set for the other',
      },
      {
        name: 'frechet-recompute/any-space',
        find: '{ ...space, recognizer',
        replace: '{ recognizer',
        breaks: 'an audit finds no FID where one was measured',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/symmetric-eigen.ts',
    [eigen],
    [
      {
        name: 'eigen/unshifted',
        find: 'this.#shift += shift;',
        replace: 'this.#shift = shift;',
        breaks: 'eigenvalues miss the shifts of earlier steps',
      },
      {
        name: 'eigen/accumulates-all',
        find: 'i < size - 1; i++) {\n      work.accumulate(i);',
        replace: 'i < size - 2; i++) {\n      work.accumulate(i);',
        breaks: 'eigenvectors lack a reflection',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/rotations.ts',
    [eigen],
    [
      {
        name: 'rotations/left-over',
        find: 'at[n + 1] === row - 1',
        replace: 'at[n + 1] !== row',
        breaks: 'rotations of rows that are no neighbours are carried out as if they were',
      },
    ],
  ),
  ...mutantsOf(
    'nn/inception/pool.ts',
    [network],
    [
      {
        name: 'inception/pool-borders',
        find: "tf.avgPool(x, 3, 1, 'same')",
        replace: 'tf.avgPool(tf.pad4d(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 1, "valid")',
        breaks: 'averages at borders count zeros outside the map, as torchvision’s do',
      },
      {
        name: 'inception/max-borders',
        find: 'Number.NEGATIVE_INFINITY',
        replace: '0',
        breaks: 'a maximum at a border is never below 0',
      },
    ],
  ),
  ...mutantsOf(
    'nn/inception/steps.ts',
    [network],
    [
      {
        name: 'inception/last-pool',
        find: "blockE('Mixed_7c', 'max')",
        replace: "blockE('Mixed_7c', 'average')",
        breaks: 'the last block averages, as torchvision’s does',
      },
    ],
  ),
  ...mutantsOf(
    'nn/inception/network.ts',
    [network],
    [
      {
        name: 'inception/resize-corners',
        find: 'inceptionSide], false, true)',
        replace: 'inceptionSide], true, false)',
        breaks: 'corners of images lie on corners, not centres of pixels between centres',
      },
      {
        name: 'inception/resize-places',
        find: 'inceptionSide], false, true)',
        replace: 'inceptionSide], false, false)',
        breaks: 'images are resized from their upper left corner, as TensorFlow 1 does',
      },
      {
        name: 'inception/epsilon',
        find: 'const epsilon = 0.001;',
        replace: 'const epsilon = 0.00001;',
        breaks: 'batch norms have PyTorch’s usual ε',
      },
    ],
  ),
  ...mutantsOf(
    'training/import/match.ts',
    ['test/training/import/match.test.ts'],
    [
      {
        name: 'import/any-kernel',
        find: 'required.length === found.length',
        replace: 'required === found',
        breaks: 'a kernel of 7 × 1 is taken for one of 1 × 7',
      },
      {
        name: 'import/no-axis-of-one',
        find: ': `${required.filter((n) => n !== 1)}` === `${found.filter((n) => n !== 1)}`',
        replace: ': false',
        breaks: 'slopes of PReLU as [C, 1, 1] are refused',
      },
    ],
  ),
];
