import { type Mutant, mutantsOf } from '../mutant.ts';

const metrics = 'test/metrics/privacy.test.ts';
const proportions = 'test/metrics/proportions.test.ts';

/** The threshold of a search, the rates of generated identities and of strangers, and the intervals of these. */
export const searchRateMutants: readonly Mutant[] = [
  ...mutantsOf(
    'metrics/privacy.ts',
    [metrics],
    [
      {
        name: 'privacy/at-threshold',
        find: 'cosine > threshold',
        replace: 'cosine >= threshold',
        breaks: 'a cosine at the threshold returns somebody',
      },
      {
        name: 'privacy/image-at-threshold',
        find: '(similarity[row] as number) > threshold',
        replace: '(similarity[row] as number) >= threshold',
        breaks: 'an image at the threshold returns somebody',
      },
      {
        name: 'privacy/own-at-threshold',
        find: '(similarity[i] as number) > identities.threshold',
        replace: '(similarity[i] as number) >= identities.threshold',
        breaks: 'an own inquiry at the threshold counts as above',
      },
      {
        name: 'privacy/one-fewer',
        find: '.at(-1 - allowed)',
        replace: '.at(-allowed)',
        breaks: 'one search fewer is above than the rate allows',
      },
      {
        name: 'privacy/one-more',
        find: '.at(-1 - allowed)',
        replace: '.at(-2 - allowed)',
        breaks: 'one search more is above than the rate allows',
      },
      {
        name: 'privacy/lowest',
        find: '.at(-1 - allowed)',
        replace: '.at(allowed)',
        breaks: 'the threshold is taken from the lowest cosines',
      },
      {
        name: 'privacy/unsorted',
        find: '    .sort()\n',
        replace: '',
        breaks: 'the threshold is that of the last stranger',
      },
      {
        name: 'privacy/rate-rounded',
        find: 'Math.floor(fpir * cosines.length + rounding)',
        replace: 'Math.round(fpir * cosines.length)',
        breaks: 'more searches are above than the rate allows',
      },
      {
        name: 'privacy/rate-not-whole',
        find: 'Math.floor(fpir * cosines.length + rounding)',
        replace: 'Math.floor(fpir * cosines.length)',
        breaks: '0.29 of 100 is 28',
      },
      {
        name: 'privacy/rate-up',
        find: 'Math.floor(fpir * cosines.length + rounding)',
        replace: 'Math.ceil(fpir * cosines.length - rounding)',
        breaks: 'a part of a search is allowed as a whole one',
      },
      {
        name: 'privacy/too-few-by-one',
        find: 'strangers >= needed',
        replace: 'strangers >= needed - 1',
        breaks: 'one stranger too few passes',
      },
      {
        name: 'privacy/half-unresolved',
        find: 'const needed = 2 * ',
        replace: 'const needed = ',
        breaks: 'half of the strangers cannot show the rate',
      },
      {
        name: 'privacy/halves-swapped',
        find: 'return { calibration: half(0), null: half(1) };',
        replace: 'return { calibration: half(1), null: half(0) };',
        breaks: 'the threshold is set by the other half',
      },
      {
        name: 'privacy/null-is-calibration',
        find: 'return { calibration: half(0), null: half(1) };',
        replace: 'return { calibration: half(0), null: half(0) };',
        breaks: 'the strangers who set the threshold are the null',
      },
      {
        name: 'privacy/blocks-as-halves',
        find: 'identities.similarity.filter((_, place) => place % 2 === rest)',
        replace:
          'identities.similarity.filter((_, place) => (place < identities.similarity.length / 2 ? 0 : 1) === rest)',
        breaks: 'the halves are the first and the last, not alternating',
      },
      {
        name: 'privacy/images-split',
        find: '(places.get(images.identity[row] as number) as number) % 2 === rest',
        replace: 'row % 2 === rest',
        breaks: 'images of one stranger are in both halves',
      },
      {
        name: 'privacy/images-by-number',
        find: '(places.get(images.identity[row] as number) as number) % 2 === rest',
        replace: '((images.identity[row] as number) / 10) % 2 === (rest ? 0 : 1) && places.size > 0',
        breaks: 'halves of images go by the numbers of strangers, not by their order',
      },
      {
        name: 'privacy/images-threshold-of-identities',
        find: 'searchThreshold(set.similarity, fpir)',
        replace: 'searchThreshold(halves.calibration.identities, fpir)',
        breaks: 'images have the threshold of identities',
      },
      {
        name: 'privacy/images-independent',
        find: 'return clusteredProportion([...counts.values()], identity.length / counts.size);',
        replace: 'return proportionOf([...counts.values()].reduce((sum, each) => sum + each, 0), identity.length);',
        breaks: 'images of one identity count as independent',
      },
      {
        name: 'privacy/difference-turned',
        find: 'differenceOf(generated, strangers)',
        replace: 'differenceOf(strangers, generated)',
        breaks: 'the difference is that of strangers to generated identities',
      },
      {
        name: 'privacy/conclusion-by-value',
        find: 'lowest > 0 ?',
        replace: 'lowest > -1 ?',
        breaks: 'any difference counts as shown',
      },
      {
        name: 'privacy/never-farther',
        find: "highest < 0 ? 'farther'",
        replace: "highest < -1 ? 'farther'",
        breaks: 'that identities are less near is never said',
      },
      {
        name: 'privacy/chance',
        find: 'chance: 1 / realIdentities',
        replace: 'chance: 1 / identity.length',
        breaks: 'chance goes by the identities, not by the gallery',
      },
      {
        name: 'privacy/mean-of-all',
        find: 'strangers: mean(checked) },',
        replace: 'strangers: mean(set) },',
        breaks: 'the mean is that of the strangers who set the threshold',
      },
      {
        name: 'privacy/histogram-of-calibration',
        find: 'strangers: histogram(halves.null.identities, edges)',
        replace: 'strangers: histogram(halves.calibration.identities, edges)',
        breaks: 'the histogram shows the strangers who set the threshold',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/proportions.ts',
    [proportions, metrics],
    [
      {
        name: 'proportions/level',
        find: 'const z = 1.959963984540054',
        replace: 'const z = 1.6448536269514722',
        breaks: 'intervals hold 90 %',
      },
      {
        name: 'proportions/wald',
        find: '(z * z) / (4 * n * n)',
        replace: '0',
        breaks: 'the interval is too narrow where counts are small',
      },
      {
        name: 'proportions/middle',
        find: '(p + (z * z) / (2 * n)) / scale',
        replace: 'p',
        breaks: 'the interval lies around the share itself',
      },
      {
        name: 'proportions/continuous',
        find: 'p === 0 ? 0 : middle - half',
        replace: 'middle',
        breaks: 'the lower end is the middle',
      },
      {
        name: 'proportions/newcombe-sides',
        find: 'root(a.share - a.lowest, b.highest - b.share)',
        replace: 'root(a.share - a.lowest, b.share - b.lowest)',
        breaks: 'the lower end takes the wrong side of the second share',
      },
      {
        name: 'proportions/newcombe-upper',
        find: 'root(a.highest - a.share, b.share - b.lowest)',
        replace: 'root(a.highest - a.share, b.highest - b.share)',
        breaks: 'the upper end takes the wrong side of the second share',
      },
      {
        name: 'proportions/newcombe-sum',
        find: 'Math.sqrt(a * a + b * b)',
        replace: 'a + b',
        breaks: 'the interval is as wide as both together',
      },
      {
        name: 'proportions/variance',
        find: '(clusters - 1)) / squares',
        replace: 'clusters) / squares',
        breaks: 'the variance of clusters is that of a population',
      },
      {
        name: 'proportions/no-floor',
        find: 'Math.max(trials, clusters)',
        replace: 'trials',
        breaks: 'fewer trials than clusters may count',
      },
      {
        name: 'proportions/no-ceiling',
        find: 'Math.min(Math.max(trials, clusters), clusters * size)',
        replace: 'Math.max(trials, clusters)',
        breaks: 'more trials than there are may count',
      },
      {
        name: 'proportions/one-cluster',
        find: 'clusters === 1 || binomial === 0',
        replace: 'binomial === 0',
        breaks: 'one cluster counts as all of its trials',
      },
      {
        name: 'proportions/none-counted',
        find: 'clusters === 1 || binomial === 0',
        replace: 'clusters === 1',
        breaks: 'no interval where none or all count',
      },
    ],
  ),
];
