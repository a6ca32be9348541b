import { type Mutant, mutantsOf } from '../mutant.ts';

const train = 'test/methods/cemiface/train.test.ts';
const generate = 'test/methods/cemiface/generate.test.ts';
const samples = 'test/methods/cemiface/samples.test.ts';

/** Training and generation by CemiFace. */
export const cemifaceMutants: readonly Mutant[] = [
  ...mutantsOf(
    'methods/cemiface/train/stage.ts',
    [train],
    [
      {
        name: 'cemiface-train/lambda',
        find: '    lambda,\n    timesteps,\n  }),',
        replace: '    lambda: 0,\n    timesteps,\n  }),',
        breaks: 'the loss is L_MSE alone',
      },
      {
        name: 'cemiface-train/gamma',
        find: '    lambda,\n    timesteps,\n  }),',
        replace: '    lambda,\n    timesteps: 2 * timesteps,\n  }),',
        breaks: 'gamma is t / 2T',
      },
      {
        name: 'cemiface-train/flip',
        find: 'grid, params.flip)',
        replace: 'grid, false)',
        breaks: 'no image is mirrored',
      },
      {
        name: 'cemiface-train/grid',
        find: 'similarityGrid(interval, lowest, highest)',
        replace: 'similarityGrid(2 * interval, lowest, highest)',
        breaks: 'm comes from a grid of half as many values',
      },
      {
        name: 'cemiface-train/mirrored-table',
        find: 'mirrored: params.flip,',
        replace: 'mirrored: false,',
        breaks: 'there are no embeddings of mirror images',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/samples.ts',
    [samples],
    [
      {
        name: 'cemiface-samples/continuous-m',
        find: 'grid[Math.floor(uniform() * grid.length)] as number',
        replace: '2 * uniform() - 1',
        breaks: 'm is drawn continuously, which collapses (CemiFace section 4.3)',
      },
      {
        name: 'cemiface-samples/upper-half-of-m',
        find: 'Math.floor(uniform() * grid.length)',
        replace: 'Math.floor((1 + uniform()) / 2 * grid.length)',
        breaks: 'only the upper half of the grid is drawn',
      },
      {
        name: 'cemiface-samples/last-m',
        find: 'uniform() * grid.length',
        replace: 'uniform() * (grid.length - 1)',
        breaks: 'm = 1 is never drawn',
      },
      {
        name: 'cemiface-samples/unmirrored-embedding',
        find: 'identities.at(row, mirrored)',
        replace: 'identities.at(row)',
        breaks: 'a mirrored image comes with the embedding of the image that is not mirrored',
      },
      {
        name: 'cemiface-samples/always-mirrored',
        find: 'uniform() < 0.5 && flip',
        replace: 'uniform() < 1 && flip',
        breaks: 'every image is mirrored',
      },
      {
        name: 'cemiface-samples/flip-ignored',
        find: 'uniform() < 0.5 && flip',
        replace: 'uniform() < 0.5',
        breaks: 'images are mirrored though flip is false',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/similarity-grid.ts',
    [samples],
    [
      {
        name: 'cemiface-grid/without-highest',
        find: 'Math.round((highest - lowest) / interval) + 1',
        replace: 'Math.round((highest - lowest) / interval)',
        breaks: 'the grid lacks its highest value',
      },
      {
        name: 'cemiface-grid/lowest',
        find: '(lowest + i * interval)',
        replace: '(-1 + i * interval)',
        breaks: 'the grid begins at -1 wherever it should begin',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/loss.ts',
    [train],
    [
      {
        name: 'cemiface-loss/lambda',
        find: 'mse.add(simMat.mul(lambda))',
        replace: 'mse.add(simMat)',
        breaks: 'lambda is 1',
      },
      {
        name: 'cemiface-loss/gamma',
        find: 'time.div(timesteps)',
        replace: 'time.div(2 * timesteps)',
        breaks: 'gamma is t / 2T',
      },
      {
        name: 'cemiface-loss/gamma-turned',
        find: 'tf.sub(1, gamma).mul(reconstruction).add(gamma.mul(matching))',
        replace: 'gamma.mul(reconstruction).add(tf.sub(1, gamma).mul(matching))',
        breaks: 'm is asked for near the image, its identity far from it',
      },
      {
        name: 'cemiface-loss/not-normalised',
        find: 'const reached = unitRows(embed(frozen, cleanSamples(noisy, output, alphaBar, denoiser)));',
        replace: 'const reached = embed(frozen, cleanSamples(noisy, output, alphaBar, denoiser));',
        breaks: 's is a dot product, not a cosine',
      },
      {
        name: 'cemiface-loss/noisy-embedded',
        find: 'embed(frozen, cleanSamples(noisy, output, alphaBar, denoiser))',
        replace: 'embed(frozen, noisy)',
        breaks: 'the similarity is that of x_t, so that no gradient flows through it',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/condition.ts',
    ['test/methods/cemiface/cemiface.test.ts'],
    [
      {
        name: 'cemiface-condition/without-m',
        find: 'm.reshape([-1, 1])',
        replace: 'm.mul(0).reshape([-1, 1])',
        breaks: 'the network does not see m',
      },
      {
        name: 'cemiface-condition/without-identity',
        find: 'identity.mul(identityScale)',
        replace: 'identity.mul(0)',
        breaks: 'the network does not see the identity',
      },
      {
        name: 'cemiface-condition/identity-scale',
        find: 'identity.mul(identityScale)',
        replace: 'identity.mul(Math.sqrt(identity.shape[1]))',
        breaks: 'C_id has the length of the root of D, whatever identityScale says',
      },
      {
        name: 'cemiface-condition/similarity-scaled',
        find: 'tf.concat([identity.mul(identityScale), similarity], 1)',
        replace: 'tf.concat([identity, similarity], 1).mul(identityScale)',
        breaks: 'the factor is on C_sim as well',
      },
      {
        name: 'cemiface-condition/similarity-first',
        find: '[identity.mul(identityScale), similarity]',
        replace: '[similarity, identity.mul(identityScale)]',
        breaks: 'C_sim comes before C_id',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/weights.ts',
    ['test/methods/cemiface/weights.test.ts'],
    [
      {
        name: 'cemiface-weights/older-order',
        find: "if (!network.has('conditionProjection')) {",
        replace: 'if (network.names.length === 0) {',
        breaks: 'nothing says why weights with another order of heads are refused',
      },
      {
        name: 'cemiface-weights/identity-scale',
        find: 'if (identityScale <= 0) throw',
        replace: 'if (identityScale < 0) throw',
        breaks: 'a factor of 0 on C_id is read as if it could be',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/subjects.ts',
    [generate],
    [
      {
        name: 'cemiface-generate/selecting-embeddings',
        find: 'return { ...inquiries, embeddings, embeddingSize: embedder.size };',
        replace: 'return { ...inquiries, embeddings: inquiries.embeddings };',
        breaks: 'the identity is that of the recognizer that selected the inquiries',
      },
      {
        name: 'cemiface-generate/oversample',
        find: 'k < oversample',
        replace: 'k < Math.min(1, oversample)',
        breaks: 'at most one copy of the inquiry image is added',
      },
      {
        name: 'cemiface-generate/copies-of-the-first',
        find: 'rows[row] as number);',
        replace: 'rows[0] as number);',
        breaks: 'copies of the first inquiry image are added to every subject',
      },
      {
        name: 'cemiface-generate/image-order',
        find: '(row * images + image) * size',
        replace: '(row * images) * size',
        breaks: 'all images of a subject are its first one',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/generate/stage.ts',
    [generate],
    [
      {
        name: 'cemiface-generate/m',
        find: 'm: [similarityOf(m, { seed, identity, image })],',
        replace: 'm: [0],',
        breaks: 'm is ignored',
      },
      {
        name: 'cemiface-generate/identity',
        find: 'embeddings.subarray(row * embeddingSize, (row + 1) * embeddingSize)',
        replace: 'embeddings.subarray(0, embeddingSize)',
        breaks: 'all subjects have the identity of the first inquiry',
      },
      {
        name: 'cemiface-generate/grid-noise',
        find: '...(isGrid(m) ? { noiseOf: () => 0 } : {}),',
        replace: '',
        breaks: 'the images of a row of a grid have different noise',
      },
      {
        name: 'cemiface-generate/one-noise',
        find: '...(isGrid(m) ? { noiseOf: () => 0 } : {}),',
        replace: 'noiseOf: () => 0,',
        breaks: 'all images of a subject have one noise',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/generate/generator.ts',
    [generate],
    [
      {
        name: 'cemiface-generator/steps',
        find: '        steps,\n        batch,',
        replace: '        steps: 3,\n        batch,',
        breaks: 'the number of steps is ignored',
      },
      {
        name: 'cemiface-generator/timesteps',
        find: '        timesteps,\n        snrFactor,',
        replace: '        timesteps: 1000,\n        snrFactor,',
        breaks: 'the noise schedule is not the one that the generator was trained with',
      },
      {
        name: 'cemiface-generator/noise',
        find: '        snrFactor,\n        steps,',
        replace: '        snrFactor: 1,\n        steps,',
        breaks: 'the generator was trained with other noise than it samples with',
      },
    ],
  ),
];
