import { type Mutant, mutantsOf } from '../mutant.ts';

const golden = 'test/methods/synface/golden.test.ts';
const mixup = 'test/methods/synface/mixup.test.ts';
const stages = 'test/methods/synface/stages.test.ts';
const labels = 'test/artifacts/soft-labels.test.ts';

/** SynFace: soft labels, mixtures, the conditional VAE and the stages. */
export const synfaceMutants: readonly Mutant[] = [
  ...mutantsOf(
    'artifacts/soft-labels.ts',
    [labels],
    [
      {
        name: 'synface/label-range',
        find: 'share >= 0 && share <= 1',
        replace: 'share >= 0',
        breaks: 'a share above 1 counts as one',
      },
      {
        name: 'synface/label-count',
        find: 'const wanted = [artifact.meta.images];',
        replace: 'const wanted = tensor?.shape ?? [];',
        breaks: 'labels of another number of images count as those of the set',
      },
    ],
  ),
  ...mutantsOf(
    'activities/data-subset/stage.ts',
    ['test/activities/data-subset.test.ts'],
    [
      {
        name: 'synface/subset-of-mixtures',
        find: 'if (hasSoftLabels(source)) throw mixedSet(source);',
        replace: 'if (Number.isNaN(hasSoftLabels(source))) throw mixedSet(source);',
        breaks: 'a part of a set of mixtures counts as a set without mixtures',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/mixup.ts',
    [mixup],
    [
      {
        name: 'synface/ratio-grid',
        find: 'shares() * (ratioSteps + 1)',
        replace: 'shares() * ratioSteps',
        breaks: 'no image shows its own identity alone',
      },
      {
        name: 'synface/second-is-other',
        find: 'other < identity ? other : other + 1',
        replace: 'other',
        breaks: 'an identity is mixed with itself, and never with the last of its pool',
      },
      {
        name: 'synface/second-without-repetition',
        find: 'moved.set(at, moved.get(i) ?? i);',
        replace: '',
        breaks: 'an identity is mixed with another one several times before it is mixed with all',
      },
      {
        name: 'synface/blend',
        find: 'ratio * value + (1 - ratio) *',
        replace: '(1 - ratio) * value + ratio *',
        breaks: 'the share is that of the other person',
      },
      {
        name: 'synface/marks',
        find: 'ratio >= 0.5 ? own.marks : other.marks',
        replace: 'own.marks',
        breaks: "a face that is all of another person's has the skin marks of the first",
      },
      {
        name: 'synface/last-block',
        find: 'Math.min(block, identities - among)',
        replace: 'block',
        breaks: 'identities of a last block that is not full are mixed with people who are not in the set',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/set.ts',
    [mixup],
    [
      {
        name: 'synface/shards-of-blocks',
        find: 'mixup ? boundary(first, mixAmong) : identities',
        replace: 'identities',
        breaks: 'identities of two blocks are mixed with the first one',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/vae/loss.ts',
    [golden],
    [
      {
        name: 'synface/deviation',
        find: '(2 * deviation ** 2)',
        replace: '(2 * deviation)',
        breaks: 'the squared error is divided by the deviation in place of the variance',
      },
      {
        name: 'synface/noise-deviation',
        find: 'logVariance.mul(0.5).exp()',
        replace: 'logVariance.exp()',
        breaks: 'latents are drawn with the variance as deviation',
      },
      {
        name: 'synface/divergence',
        find: '.sub(logVariance).sub(1)',
        replace: '.sub(1)',
        breaks: 'nothing keeps the variance of latents from 0',
      },
      {
        name: 'synface/beta',
        find: 'kl.mul(beta)',
        replace: 'kl',
        breaks: 'beta does nothing',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/vae/forward.ts',
    [golden],
    [
      {
        name: 'synface/condition-of-the-encoder',
        find: ".add(linear(weights, 'encoder.identity', identity))",
        replace: '',
        breaks: 'the posterior does not see the identity',
      },
      {
        name: 'synface/film',
        find: 'const [scale, shift] =',
        replace: 'const [shift, scale] =',
        breaks: 'the hidden layer scales where it should shift',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/vae/train-step.ts',
    [golden],
    [
      {
        name: 'synface/noise-of-a-micro-batch',
        find: 'microBatches === 1 ? all : rowsFrom(all, batch.first as tf.Scalar, count)',
        replace: 'microBatches === 1 ? all : all.slice([0], [count])',
        breaks: 'all micro-batches have the noise of the first',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/train-generator/stage.ts',
    [stages],
    [
      {
        name: 'synface/noise-of-a-step',
        find: "seedPair(seed, 'synface noise', step)",
        replace: "seedPair(seed, 'synface noise', 0)",
        breaks: 'all steps have the same noise',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/people.ts',
    [stages],
    [
      {
        name: 'synface/people-of-a-set',
        find: 'identityVector(source.seed, identity, source.population)',
        replace: 'identityVector(source.seed, identity - (people[0] as People).first, source.population)',
        breaks: 'people of a set that does not begin with number 0 get the vectors of others',
      },
    ],
  ),
  ...mutantsOf(
    'methods/synface/generate/painter.ts',
    [stages],
    [
      {
        name: 'synface/truncation',
        find: 'this.#params.truncation * normal()',
        replace: 'normal()',
        breaks: 'latents are not truncated',
      },
      {
        name: 'synface/latent-of-an-image',
        find: "'synface latent', portrait.identity, portrait.image",
        replace: "'synface latent', portrait.image",
        breaks: 'all identities have the same poses and lights',
      },
    ],
  ),
];
