import { type Mutant, mutantsOf } from '../mutant.ts';

const verification = 'test/activities/evaluate-verification.test.ts';
const protocol = 'test/metrics/protocol.test.ts';

/** What judges recognizers and generated sets, and what selects. */
export const judgingMutants: readonly Mutant[] = [
  ...mutantsOf(
    'activities/evaluate-verification/stage.ts',
    [verification],
    [
      {
        name: 'verification/no-flip',
        find: "withEmbedder(store, ref, { view: 'both',",
        replace: "withEmbedder(store, ref, { view: 'plain',",
        breaks: 'the mirror image is left out',
      },
      {
        name: 'verification/all-sets',
        find: 'wanted.length > 0 ? wanted : await',
        replace: 'wanted.length > 99 ? wanted : await',
        breaks: 'all sets are evaluated, whichever are named',
      },
    ],
  ),
  ...mutantsOf(
    'nn/recognizer/view.ts',
    [verification],
    [
      {
        name: 'view/plain',
        find: 'tf.add(plain, mirrored)',
        replace: 'tf.add(plain, plain)',
        breaks: 'the mirror image is left out',
      },
      {
        name: 'view/mirror-of-height',
        find: 'tf.reverse(images, 2)',
        replace: 'tf.reverse(images, 1)',
        breaks: 'images are turned upside down, not mirrored',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/verification.ts',
    [verification, 'test/metrics/verification.test.ts'],
    [
      {
        name: 'verification/highest-average',
        find: 'average: numpyMean(results.map(([, { accuracy }]) => accuracy))',
        replace: 'average: Math.max(...results.map(([, { accuracy }]) => accuracy))',
        breaks: 'the average is the highest accuracy',
      },
      {
        name: 'verification/own-threshold',
        find: 'count - (held[t] as number)',
        replace: 'count',
        breaks: 'the threshold is chosen on the fold that is judged as well',
      },
      {
        name: 'verification/root',
        find: ') ** 2;\n    return sum;',
        replace: ') ** 2;\n    return Math.sqrt(sum);',
        breaks: 'the distance is not squared',
      },
      {
        name: 'verification/last-threshold',
        find: 'values.indexOf(Math.max(...values))',
        replace: 'values.lastIndexOf(Math.max(...values))',
        breaks: 'the last of equally good thresholds is taken',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/folds.ts',
    [protocol],
    [
      {
        name: 'verification/at-threshold',
        find: 'if (first < thresholds.length) row[first] = (row[first] as number) + 1;',
        replace: 'if (first > 0) row[first - 1] = (row[first - 1] as number) + 1;',
        breaks: 'a distance at the threshold counts as the same person',
      },
    ],
  ),
  ...mutantsOf(
    'formats/pairs/row.ts',
    [protocol],
    [
      {
        name: 'folds/larger-last',
        find: 'index < inLonger ? Math.floor(index / (size + 1)) : longer + Math.floor((index - inLonger) / size)',
        replace: 'Math.floor((index * folds) / pairs)',
        breaks: 'the folds that are one pair larger are not the first ones',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/tar.ts',
    [protocol],
    [
      {
        name: 'tar/nearest-threshold',
        find: '(tarThresholds[i] as number) * (w * (high - far)) + (tarThresholds[i + 1] as number) * (w * (far - low))',
        replace: 'tarThresholds[i] as number',
        breaks: 'the threshold is not interpolated',
      },
      {
        name: 'tar/one-more',
        find: 'const threshold = different[allowed] as number;',
        replace: 'const threshold = different[allowed + 1] ?? 4;',
        breaks: 'one false accept more than the rate allows',
      },
      {
        name: 'roc/sparse',
        find: 'const pointsPerDecade = 20;',
        replace: 'const pointsPerDecade = 1;',
        breaks: 'the ROC has hardly any points',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/identification.ts',
    ['test/activities/evaluate-identification.test.ts'],
    [
      {
        name: 'identification/ties-win',
        find: '(cosines[i] as number) >= limit) rank++;',
        replace: '(cosines[i] as number) > limit || i === own) rank++;',
        breaks: 'equal similarity counts for the probe',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/templates.ts',
    ['test/metrics/templates.test.ts'],
    [
      {
        name: 'templates/media-sum',
        find: ' / (this.#facesOf.get(this.#key(face)) as number)',
        replace: '',
        breaks: 'a long video counts for more than a photo',
      },
      {
        name: 'templates/nearest-first',
        find: 'if (Math.abs((far[i] as number) - rate) <= Math',
        replace: 'if (Math.abs((far[i] as number) - rate) < Math',
        breaks: 'the lowest TAR at the nearest FAR is taken',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/pairwise.ts',
    [protocol],
    [
      {
        name: 'pairwise/in-order',
        find: 'if (count < lanes) {',
        replace: 'if (count < Number.POSITIVE_INFINITY) {',
        breaks: 'numbers are added one after the other, and last digits differ from NumPy’s',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/statistics.ts',
    ['test/metrics/similarity.test.ts'],
    [
      {
        name: 'statistics/sample-deviation',
        find: 'Math.sqrt(sum / values.length)',
        replace: 'Math.sqrt(sum / (values.length - 1))',
        breaks: 'the deviation is that of a sample',
      },
      {
        name: 'statistics/edge-below',
        find: '(edges[middle] as number) <= value',
        replace: '(edges[middle] as number) < value',
        breaks: 'a value on an edge counts in the bin below',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/similarity.ts',
    ['test/metrics/similarity.test.ts'],
    [
      {
        name: 'similarity/groups-turned',
        find: '(similarity[b] as number) - (similarity[a] as number) || a - b',
        replace: '(similarity[a] as number) - (similarity[b] as number) || a - b',
        breaks: 'the first group is the least similar one',
      },
    ],
  ),
];
