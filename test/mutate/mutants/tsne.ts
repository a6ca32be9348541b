import { type Mutant, mutantsOf } from '../mutant.ts';

const map = 'test/metrics/tsne.test.ts';
const stage = 'test/activities/evaluate-tsne.test.ts';
const block = 'test/report/tsne.test.ts';

/** Maps of embeddings by t-SNE, the stage that makes them, and the figure. */
export const tsneMutants: readonly Mutant[] = [
  ...mutantsOf(
    'metrics/tsne/affinities.ts',
    [map],
    [
      {
        name: 'tsne/not-symmetric',
        find: 'return (p + mirrored) / (2 * count);',
        replace: 'return p / count;',
        breaks: 'probabilities are those of one of the two points',
      },
      {
        name: 'tsne/perplexity-of-sum',
        find: 'sum / exp((-beta * weighted) / sum)',
        replace: 'sum',
        breaks: 'the sum of weights counts as perplexity',
      },
      {
        name: 'tsne/coarse',
        find: 'const tolerance = 1e-7;',
        replace: 'const tolerance = 1e-3;',
        breaks: 'the perplexity is only nearly the wanted one',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/tsne/gradient.ts',
    [map],
    [
      {
        name: 'tsne/gaussian-push',
        find: 'const push = near * near;',
        replace: 'const push = near;',
        breaks: 'points push each other by a Gaussian, as in SNE',
      },
      {
        name: 'tsne/self-pairs',
        find: 'let total = -points.length / 2;',
        replace: 'let total = 0;',
        breaks: 'each point is a neighbour of itself',
      },
      {
        name: 'tsne/exaggerated-push',
        find: '4 * (exaggeration * pull - (repulsion[k] as number) / total)',
        replace: '4 * exaggeration * (pull - (repulsion[k] as number) / total)',
        breaks: 'exaggeration pushes as well as pulls',
      },
      {
        name: 'tsne/divergence-self-pairs',
        find: 'sum + 1 / each, -count)',
        replace: 'sum + 1 / each, 0)',
        breaks: 'the divergence counts pairs of a point and itself',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/tsne/index.ts',
    [map],
    [
      {
        name: 'tsne/gains-turned',
        find: 'velocity * slope < 0 ?',
        replace: 'velocity * slope > 0 ?',
        breaks: 'gains grow where the descent turns back',
      },
      {
        name: 'tsne/always-exploring',
        find: 'const exploring = iteration < explorationIterations;',
        replace: 'const exploring = true;',
        breaks: 'exaggeration never ends',
      },
      {
        name: 'tsne/last-components',
        find: '[size - 1, size - 2].map',
        replace: '[0, 1].map',
        breaks: 'the map starts from the last principal components',
      },
      {
        name: 'tsne/learning-rate',
        find: 'options.earlyExaggeration / 4)',
        replace: 'options.earlyExaggeration)',
        breaks: 'the default learning rate is four times as high',
      },
    ],
  ),
  ...mutantsOf(
    'metrics/tsne/exp.ts',
    [map],
    [
      {
        name: 'tsne-exp/short-series',
        find: 'new Float64Array(14)',
        replace: 'new Float64Array(11)',
        breaks: 'the exponential lacks its last digits',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-tsne/stage.ts',
    [stage],
    [
      { name: 'tsne-stage/view', find: "view: 'plain'", replace: "view: 'both'", breaks: 'mirror images are added' },
      {
        name: 'tsne-stage/copies',
        find: 'generatedRows(set, meta.generatedImages)',
        replace: 'generatedRows(set, undefined)',
        breaks: 'copies of inquiry images count as generated',
      },
      {
        name: 'tsne-stage/all-images',
        find: 'const rows = firstOfEach(set, wanted, images);',
        replace: 'const rows = wanted;',
        breaks: 'the number of images is not heeded',
      },
      {
        name: 'tsne-stage/foreign-vectors',
        find: '  requireSpace(',
        replace: '  false && requireSpace(',
        breaks: 'vectors of another recognizer are mapped',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-tsne/map.ts',
    [stage],
    [
      {
        name: 'tsne-stage/unshared',
        find: 'inquiries ? [[inquiries.digest, inquiries]] : []',
        replace: 'inquiries ? [[Symbol(), inquiries]] : []',
        breaks: 'inquiries that sets share are in the map more than once',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/tsne/block.ts',
    [block],
    [
      {
        name: 'tsne-block/colours-by-panel',
        find: 'style: identities.indexOf(identity)',
        replace: 'style: [...new Set(set.identity)].indexOf(identity)',
        breaks: 'an identity has another colour in each panel',
      },
      {
        name: 'tsne-block/own-domain',
        find: 'const values = all.flatMap(',
        replace: 'const values = map.sets.slice(1).flatMap(',
        breaks: 'panels are not drawn to the scale of the whole map',
      },
    ],
  ),
];
