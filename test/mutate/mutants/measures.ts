import { type Mutant, mutantsOf } from '../mutant.ts';

const stages = 'test/activities/recognizer.test.ts';
const select = 'test/activities/recognizer-select.test.ts';
const centers = 'test/metrics/privacy.test.ts';
const bootstrap = 'test/metrics/bootstrap.test.ts';
const bootstrapGolden = 'test/metrics/bootstrap-golden.test.ts';
const comparison = 'test/report/comparison.test.ts';

/** Stages that measure, and the audit that recomputes what they measured. */
export const measureMutants: readonly Mutant[] = [
  ...mutantsOf(
    'metrics/centers.ts',
    [centers],
    [
      {
        name: 'centers/last-image',
        find: '(this.#sums[to + k] as number) + (embeddings[i * size + k] as number)',
        replace: '(embeddings[i * size + k] as number)',
        breaks: 'a center is the last embedding of its class',
      },
      {
        name: 'centers/not-unit',
        find: '(row[k] as number) / length',
        replace: '(row[k] as number)',
        breaks: 'centers are not of length one',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/bootstrap/index.ts',
    [bootstrapGolden, bootstrap],
    [
      {
        name: 'bootstrap/unpaired',
        find: 'drawWays(set, count, uniform);',
        replace: 'if (k % 2 === 0) drawWays(set, count, uniform);',
        breaks: 'every draw serves two resamples',
      },
      {
        name: 'bootstrap/level',
        find: 'const tail = (1 - level) / 2;',
        replace: 'const tail = 1 - level;',
        breaks: 'an interval of 95 % holds 90 %',
      },
      {
        name: 'bootstrap/alone-for-all',
        find: 'if (off > (largest[k] as number)) largest[k] = off;',
        replace: 'largest[k] = off;',
        breaks: 'the last pair of recognizers decides the intervals that hold together',
      },
      {
        name: 'bootstrap/not-studentized',
        find: 'Math.abs((a[k] as number) - (b[k] as number)) / error',
        replace: 'Math.abs((a[k] as number) - (b[k] as number))',
        breaks: 'deviations are not in standard errors',
      },
      {
        name: 'bootstrap/sets-added',
        find: '/ set.pairs / sets.length',
        replace: '/ set.pairs',
        breaks: 'sets are added up instead of averaged',
      },
      {
        name: 'bootstrap/one-sided',
        find: 'Math.abs(value) >= Math.abs(difference) - rounding',
        replace: 'value >= Math.abs(difference) - rounding',
        breaks: 'p is that of one side',
      },
      {
        name: 'bootstrap/people-once',
        find: 'Math.sqrt(Math.max(1, designEffect))',
        replace: '1',
        breaks: 'people who recur in pairs widen nothing',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/bootstrap/graded.ts',
    [bootstrapGolden, bootstrap],
    [
      {
        name: 'bootstrap/folds',
        find: '(f) => fold.length / sizes.size / (sizes.get(f) as number)',
        replace: '() => 1',
        breaks: 'large folds count more than small ones',
      },
      {
        name: 'bootstrap/runs',
        find: 'mean(judged.map((right) => right[pair] as number))',
        replace: 'judged[0]?.[pair] as number',
        breaks: 'of several runs only the first counts',
      },
      {
        name: 'bootstrap/other-pairs',
        find: 'equal(same, first.same) && equal(fold, first.fold)',
        replace: 'equal(same, first.same)',
        breaks: 'recognizers scored with other folds are compared',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/bootstrap/training.ts',
    [bootstrapGolden],
    [
      {
        name: 'bootstrap/degrees',
        find: 'sum + runs.length - 1',
        replace: 'sum + runs.length',
        breaks: 'the mean of few trainings counts as known',
      },
      {
        name: 'bootstrap/known-variance',
        find: 'const own = std * Math.sqrt(degrees / squares);',
        replace: 'const own = std;',
        breaks: 'the variance between few trainings counts as known',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/holm.ts',
    ['test/metrics/holm.test.ts'],
    [
      {
        name: 'holm/bonferroni',
        find: '(values.length - rank)',
        replace: 'values.length',
        breaks: 'all are multiplied by how many there are',
      },
      {
        name: 'holm/not-monotone',
        find: 'Math.max(largest, Math.min(1,',
        replace: 'Math.max(0, Math.min(1,',
        breaks: 'a larger p gets a smaller corrected one',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/comparison/verdict.ts',
    [comparison],
    [
      {
        name: 'verdict/alone',
        find: 'together.lowest > 0',
        replace: 'together.highest > 0',
        breaks: 'an interval that holds zero shows a difference',
      },
      {
        name: 'verdict/lower',
        find: 'together.highest < 0',
        replace: 'together.lowest < 0',
        breaks: 'an interval that holds zero shows a fall',
      },
      {
        name: 'verdict/one-end',
        find: 'pair.every((each) => shown(each) === wanted)',
        replace: 'pair.some((each) => shown(each) === wanted)',
        breaks: 'a point that is better than one end is a peak',
      },
      {
        name: 'verdict/ends-as-between',
        find: 'similarity > lowest && similarity < highest ? [i] : []',
        replace: 'i > low && i < high ? [i] : []',
        breaks: 'a point as similar as an end counts as between',
      },
      {
        name: 'verdict/leaves',
        find: ': trend && !leaves',
        replace: ': trend',
        breaks: 'a rise is stated though a point between lies beyond an end',
      },
      {
        name: 'verdict/leaves-below',
        find: "shown(toBetter) === 'higher' || shown(toWorse) === 'lower'",
        replace: "shown(toBetter) === 'higher'",
        breaks: 'a rise is stated though a point between is worse than the worse end',
      },
      {
        name: 'verdict/open-end',
        find: "pair[trend === 'rise' ? 1 : 0]",
        replace: 'pair[1]',
        breaks: 'of a fall, points between are compared with the worse end',
      },
      {
        name: 'verdict/worst-first',
        find: 'b.difference - a.difference : a.difference - b.difference',
        replace: 'a.difference - b.difference : b.difference - a.difference',
        breaks: 'the least of the peaks is named',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/comparison/read.ts',
    [comparison],
    [
      {
        name: 'comparison/asked-for',
        find: 'sort((a, b) => a.similarity - b.similarity)',
        replace: 'sort((a, b) => Number(a.x) - Number(b.x))',
        breaks: 'points are ordered by what was asked for',
      },
      {
        name: 'comparison/last-best',
        find: 'average > (points[best]?.average as number)',
        replace: 'average >= (points[best]?.average as number)',
        breaks: 'of equally good points the last is the baseline',
      },
      {
        name: 'comparison/sign',
        find: 'fromBaseline: between(i, baseline)',
        replace: 'fromBaseline: between(baseline, i)',
        breaks: 'differences have the wrong sign',
      },
      {
        name: 'comparison/any-similarity',
        find: 'if (!agrees(own, matrix)) continue;',
        replace: '',
        breaks: 'a point has the mean similarity of all points',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/comparison/statement.ts',
    [comparison],
    [
      {
        name: 'statement/reported',
        find: 'shape === reported',
        replace: 'shape !== reported',
        breaks: 'what the paper reports is called shown where it is not',
      },
      {
        name: 'statement/steps',
        find: "steps.every((step) => (shape === 'rise' ? step > 0 : step < 0))",
        replace: 'steps.length > 0',
        breaks: 'averages are said to rise at every step, whatever they do',
      },
      {
        name: 'statement/ruled-out',
        find: 'if (open.length === 0)',
        replace: 'if (open.length >= 0)',
        breaks: 'a peak is ruled out that the intervals allow',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/accuracy/gaps.ts',
    ['test/report/parts.test.ts'],
    [
      {
        name: 'gaps/first-reference',
        find: 'gap: average - row.average',
        replace: 'gap: (references[0]?.average as number) - row.average',
        breaks: 'GtR is counted from the first reference in every column',
      },
    ],
  ),
  ...mutantsOf(
    'nn/nearest.ts',
    ['test/nn/nearest.test.ts'],
    [
      {
        name: 'nearest/later-blocks',
        find: 'first + (at[i] as number)',
        replace: '(at[i] as number)',
        breaks: 'rows of later blocks are named by their place in the block',
      },
      {
        name: 'nearest/last',
        find: 'value > (cosine[from + i] as number)',
        replace: 'value >= (cosine[from + i] as number)',
        breaks: 'of equally near rows in two blocks the last is taken',
      },
    ],
  ),
  ...mutantsOf(
    'activities/centers-compute/stage.ts',
    [stages],
    [
      {
        name: 'centers-stage/source',
        find: "source === 'mean'\n        ? aroundMeans",
        replace: 'true\n        ? aroundMeans',
        breaks: 'the classifier is ignored',
      },
      {
        name: 'centers-stage/label',
        find: 'rowCosine(embeddings, i, centers, labels[row] as number, size)',
        replace: 'rowCosine(embeddings, i, centers, 0, size)',
        breaks: 'each image is compared with the center of the first class',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-similarity/stage.ts',
    [stages],
    [
      {
        name: 'similarity-stage/copies',
        find: 'generatedRows(data, meta.generatedImages)',
        replace: 'generatedRows(data, undefined)',
        breaks: 'copies of inquiry images count as generated',
      },
      {
        name: 'similarity-stage/inquiry',
        find: 'inquiryOf[done] as number, embedder.size',
        replace: 'inquiryOf[0] as number, embedder.size',
        breaks: 'each image is compared with the first inquiry',
      },
    ],
  ),
  ...mutantsOf(
    'artifacts/choice.ts',
    [select],
    [
      {
        name: 'recognizer-select/last',
        find: 'each.value > top.value',
        replace: 'each.value >= top.value',
        breaks: 'the last of equals is taken',
      },
      {
        name: 'recognizer-select/worst',
        find: 'each.value > top.value',
        replace: 'each.value < top.value',
        breaks: 'the worst recognizer is taken',
      },
      {
        name: 'recognizer-select/average',
        find: "by === 'average' ? average : sets[by]?.accuracy",
        replace: 'average',
        breaks: 'the average decides, whatever is asked for',
      },
      {
        name: 'select/one-seed',
        find: 'sum / own.length',
        replace: 'sum',
        breaks: 'a candidate with more trainings is better',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-verification/recompute.ts',
    ['test/provenance/recompute.test.ts'],
    [
      {
        name: 'recompute/nothing',
        find: 'const sets = await Promise.all(read);',
        replace: 'const sets = (await Promise.all(read)).slice(1);',
        breaks: 'the first set is not recomputed',
      },
    ],
  ),
  ...mutantsOf(
    'training/finite.ts',
    ['test/training/diverged.test.ts'],
    [
      {
        name: 'finite/infinite-passes',
        find: 'sum += (values[i] as number) * 0;',
        replace: 'sum += Number.isNaN(values[i]) ? Number.NaN : 0;',
        breaks: 'infinite values count as finite',
      },
    ],
  ),
];
