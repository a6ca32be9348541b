import { type Mutant, mutantsOf } from '../mutant.ts';

const stages = 'test/activities/recognizer.test.ts';
const select = 'test/activities/recognizer-select.test.ts';
const centers = 'test/metrics/privacy.test.ts';

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
        find: "source === 'mean' ? meanCenters(embeddings, data, size) : classifierCenters(recognizer)",
        replace: 'meanCenters(embeddings, data, size)',
        breaks: 'the classifier is ignored',
      },
      {
        name: 'centers-stage/label',
        find: 'rowCosine(embeddings, row, centers, label, size)',
        replace: 'rowCosine(embeddings, row, centers, 0, size)',
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
        find: 'inquiryOf[i] as number, embedded.size',
        replace: 'inquiryOf[0] as number, embedded.size',
        breaks: 'each image is compared with the first inquiry',
      },
    ],
  ),
  ...mutantsOf(
    'activities/recognizer-select/stage.ts',
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
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-verification/recompute.ts',
    ['test/provenance/recompute.test.ts'],
    [
      {
        name: 'recompute/nothing',
        find: "metrics: verificationMetrics(await Promise.all(read)), from: 'from pair scores'",
        replace: "metrics: verificationMetrics((await Promise.all(read)).slice(1)), from: 'from pair scores'",
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
