import { type Mutant, mutantsOf } from '../mutant.ts';

const train = 'test/methods/cemiface/train.test.ts';
const generate = 'test/methods/cemiface/generate.test.ts';
const losses = 'test/methods/cemiface/cemiface.test.ts';
const wanted = 'test/methods/cemiface/wanted-similarity.test.ts';
const ddim = 'test/nn/golden-ddim.test.ts';

/** DDIM with its eta and epsilon, sets that mix several m, and the similarity of the loss. */
export const samplingMutants: readonly Mutant[] = [
  ...mutantsOf(
    'nn/diffusion/prediction.ts',
    [ddim],
    [
      {
        name: 'ddim/velocity-noise-sign',
        find: 'output.mul(tf.sqrt(a)).add(noisy.mul(tf.sqrt(tf.sub(1, a))))',
        replace: 'output.mul(tf.sqrt(a)).sub(noisy.mul(tf.sqrt(tf.sub(1, a))))',
        breaks: 'the noise that a velocity stands for has the wrong sign of x_t',
      },
      {
        name: 'ddim/velocity-noise-turned',
        find: 'output.mul(tf.sqrt(a)).add(noisy.mul(tf.sqrt(tf.sub(1, a))))',
        replace: 'output.mul(tf.sqrt(tf.sub(1, a))).add(noisy.mul(tf.sqrt(a)))',
        breaks: 'the noise that a velocity stands for has the shares of the image',
      },
      {
        name: 'ddim/velocity-as-noise',
        find: "if (prediction === 'epsilon') return output;",
        replace: 'if (prediction) return output;',
        breaks: 'a velocity is taken for the noise',
      },
      {
        name: 'ddim/implied-noise',
        find: 'noisy.sub(clean.mul(tf.sqrt(alphaBar)))',
        replace: 'noisy.sub(clean.mul(alphaBar))',
        breaks: 'the noise that leads from the image to x_t lacks a root',
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/sampler.ts',
    [ddim],
    [
      {
        name: 'ddim/epsilon-always-network',
        find: "sampler.epsilon === 'network'",
        replace: 'sampler.epsilon',
        breaks: 'epsilon: clipped is ignored',
      },
      {
        name: 'ddim/epsilon-always-clipped',
        find: "sampler.epsilon === 'network'",
        replace: '!sampler.epsilon',
        breaks: 'epsilon: network is ignored',
      },
      {
        name: 'ddim/no-noise',
        find: 'levels, sampler.eta, noise)',
        replace: 'levels, 0, noise)',
        breaks: 'eta is ignored',
      },
      {
        name: 'ddim/one-noise',
        find: 'each.map((seed) =>',
        replace: 'each.map((_each, _at, [seed]) =>',
        breaks: 'all images of a batch get the noise of the first',
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/steps.ts',
    [ddim],
    [
      {
        name: 'ddim/variance-not-taken',
        find: 'tf.sub(1, nextAlphaBar).sub(variance)',
        replace: 'tf.sub(1, nextAlphaBar)',
        breaks: 'the variance of the noise comes on top of that of the step',
      },
      {
        name: 'ddim/variance-turned',
        find: 'tf.sub(1, alphaBar.div(nextAlphaBar))',
        replace: 'tf.sub(1, alphaBar)',
        breaks: 'the noise is not that of equation 16',
      },
      {
        name: 'ddim/variance-of-ancestral',
        find: '.div(tf.sub(1, alphaBar))',
        replace: '.div(tf.sub(1, nextAlphaBar))',
        breaks: 'the noise has the variance beta, as in ancestral steps',
      },
      {
        name: 'ddim/noise-not-rooted',
        find: 'noise.mul(tf.sqrt(variance))',
        replace: 'noise.mul(variance)',
        breaks: 'the noise has the variance for its deviation',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/sample.ts',
    [generate],
    [
      {
        name: 'sample/step-noise-of-image',
        find: "'generate step', slot.identity, noiseNumber(slot, job), step)",
        replace: "'generate step', slot.identity, 0, step)",
        breaks: 'the images of a subject share the noise of each step',
      },
      {
        name: 'sample/step-noise-of-row',
        find: "'generate step', slot.identity, noiseNumber(slot, job), step)",
        replace: "'generate step', slot.identity, slot.image, step)",
        breaks: "the images of a grid's row have different noise at each step",
      },
      {
        name: 'sample/step-noise-of-identity',
        find: "'generate step', slot.identity, noiseNumber(slot, job), step)",
        replace: "'generate step', 0, noiseNumber(slot, job), step)",
        breaks: 'the subjects share the noise of each step',
      },
      {
        name: 'sample/step-noise-of-step',
        find: "'generate step', slot.identity, noiseNumber(slot, job), step)",
        replace: "'generate step', slot.identity, noiseNumber(slot, job), 0)",
        breaks: 'every step adds the same noise',
      },
      {
        name: 'sample/step-noise-of-seed',
        find: "seedPair(seed, 'generate step'",
        replace: "seedPair(0, 'generate step'",
        breaks: 'every seed adds the same noise',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/generate/generator.ts',
    [generate],
    [
      {
        name: 'cemiface-generator/no-eta',
        find: "{ type: 'ddim', eta, epsilon }",
        replace: "{ type: 'ddim', eta: 0, epsilon }",
        breaks: 'eta is ignored',
      },
      {
        name: 'cemiface-generator/always-clipped',
        find: "{ type: 'ddim', eta, epsilon }",
        replace: "{ type: 'ddim', eta, epsilon: 'clipped' }",
        breaks: 'epsilon: network is ignored',
      },
      {
        name: 'cemiface-generator/always-network',
        find: "{ type: 'ddim', eta, epsilon }",
        replace: "{ type: 'ddim', eta, epsilon: 'network' }",
        breaks: 'epsilon: clipped is ignored',
      },
      {
        name: 'cemiface-generator/key-without-eta',
        find: '${batch} ${eta} ${epsilon} ${precision}`',
        replace: '${batch} ${epsilon} ${precision}`',
        breaks: 'the sampler of another eta goes on',
      },
      {
        name: 'cemiface-generator/key-without-epsilon',
        find: '${batch} ${eta} ${epsilon} ${precision}`',
        replace: '${batch} ${eta} ${precision}`',
        breaks: 'the sampler of another epsilon goes on',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/generate/stage.ts',
    [generate],
    [
      {
        name: 'mixture/one-noise',
        find: '...(isGrid(m) ? { noiseOf: () => 0 } : {}),',
        replace: "...(typeof m === 'number' ? {} : { noiseOf: () => 0 }),",
        breaks: 'the images of a mixed set share their noise as those of a grid',
      },
      {
        name: 'mixture/no-copies',
        find: ': [params.images, params.oversample];',
        replace: ": [params.images, typeof m !== 'number' ? 0 : params.oversample];",
        breaks: 'a mixed set has no copies of the inquiry image',
      },
      {
        name: 'mixture/one-seed',
        find: 'jobOf(shard, inquiries, context.seed)',
        replace: 'jobOf(shard, inquiries, 0)',
        breaks: 'every seed draws the same m',
      },
      {
        name: 'mixture/not-checked',
        find: '  checkMixture(m);\n',
        replace: '',
        breaks: 'an interval may lead from a higher to a lower m',
      },
      {
        name: 'mixture/not-stated',
        find: ', similarityMeta(shard.m)) };',
        replace: ", typeof shard.m === 'number' ? { m: shard.m } : {}) };",
        breaks: 'neither a grid nor a mixed set says what it holds',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/generate/wanted-similarity.ts',
    [wanted],
    [
      {
        name: 'wanted-m/grid',
        find: 'm[image] as number',
        replace: 'm[0] as number',
        breaks: 'all images of a grid have its first m',
      },
      {
        name: 'wanted-m/one-of-each-subject',
        find: '(identity + image) % m.among.length',
        replace: 'identity % m.among.length',
        breaks: 'all images of a subject have one m',
      },
      {
        name: 'wanted-m/subjects-begin-alike',
        find: '(identity + image) % m.among.length',
        replace: 'image % m.among.length',
        breaks: 'subjects of one image all have the first m',
      },
      {
        name: 'wanted-m/last-value',
        find: '(identity + image) % m.among.length',
        replace: '(identity + image) % (m.among.length - 1)',
        breaks: 'the last of several m is never asked for',
      },
      {
        name: 'wanted-m/drawn-once-a-subject',
        find: "randomStream(seed, 'generate m', identity, image)",
        replace: "randomStream(seed, 'generate m', identity)",
        breaks: 'all images of a subject have one m',
      },
      {
        name: 'wanted-m/drawn-once-for-all-subjects',
        find: "randomStream(seed, 'generate m', identity, image)",
        replace: "randomStream(seed, 'generate m', image)",
        breaks: 'all subjects have the same m',
      },
      {
        name: 'wanted-m/one-seed',
        find: "randomStream(seed, 'generate m', identity, image)",
        replace: "randomStream(0, 'generate m', identity, image)",
        breaks: 'every seed draws the same m',
      },
      {
        name: 'wanted-m/from-zero',
        find: 'm.lowest + (m.highest - m.lowest) *',
        replace: 'm.highest *',
        breaks: 'an interval begins at 0',
      },
      {
        name: 'wanted-m/as-if-from-zero',
        find: '(m.highest - m.lowest) *',
        replace: 'm.highest *',
        breaks: 'an interval has the length of its highest m',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/loss.ts',
    [losses],
    [
      {
        name: 'cemiface-loss/always-cosine',
        find: "if (measure === 'cosine') return",
        replace: 'if (measure) return',
        breaks: 'similarity is the cosine whatever the measure',
      },
      {
        name: 'cemiface-loss/squared-distance',
        find: 'tf.sqrt(tf.square(a.sub(b)).sum(1).add(1e-12))',
        replace: 'tf.square(a.sub(b)).sum(1)',
        breaks: 'the distance is squared',
      },
      {
        name: 'cemiface-loss/infinite-gradient',
        find: '.sum(1).add(1e-12)',
        replace: '.sum(1)',
        breaks: 'equal embeddings have a gradient that is not a number',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/loss.ts',
    [train],
    [
      {
        name: 'cemiface-loss/logged-distance',
        find: "tf.mean(measuredSimilarity(reached, identity, 'cosine'))",
        replace: 'tf.mean(s)',
        breaks: 'the log shows the distance where it is the measure',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/train/stage.ts',
    [train],
    [
      {
        name: 'cemiface-train/measure',
        find: '    measure,\n    mse,',
        replace: "    measure: 'cosine',\n    mse,",
        breaks: 'the measure of similarity is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'report/labels.ts',
    ['test/report/axes.test.ts'],
    [
      {
        name: 'labels/mixed-m',
        find: "{ m: 'mixture' }",
        replace: '{}',
        breaks: 'a set that mixes several m may be shown as one of m = 0',
      },
    ],
  ),
];
