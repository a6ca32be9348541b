import { type Mutant, mutantsOf } from '../mutant.ts';

const stage = 'test/activities/evaluate-frechet.test.ts';
const distance = 'test/metrics/frechet.test.ts';

/** The distance between two sets as a whole, and the stage that measures it. */
export const frechetMutants: readonly Mutant[] = [
  ...mutantsOf(
    'metrics/frechet.ts',
    [distance],
    [
      {
        name: 'frechet/biased',
        find: 'const freedom = rows.length / size - 1;',
        replace: 'const freedom = rows.length / size;',
        breaks: 'covariances are divided by N',
      },
      {
        name: 'frechet/not-centered',
        find: '(rows[from + k] as number) - (mean[k] as number);',
        replace: '(rows[from + k] as number);',
        breaks: 'second moments take the place of covariances',
      },
      {
        name: 'frechet/one-root',
        find: 'traces - 2 * traceOfRoot',
        replace: 'traces - traceOfRoot',
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
    [stage],
    [
      {
        name: 'frechet-recompute/swapped',
        find: 'frechetMetrics(a, b,',
        replace: 'frechetMetrics(b, a,',
        breaks: 'an audit takes one set for the other',
      },
    ],
  ),
];
