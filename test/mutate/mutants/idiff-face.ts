import { type Mutant, mutantsOf } from '../mutant.ts';

const quantise = 'test/methods/idiff-face/quantise.test.ts';
const condition = 'test/methods/idiff-face/condition.test.ts';
const networks = 'test/methods/idiff-face/networks.test.ts';
const golden = 'test/methods/idiff-face/golden.test.ts';
const stages = 'test/methods/idiff-face/stages.test.ts';

/** IDiff-Face: its codebook, context, networks and stages. */
export const idiffFaceMutants: readonly Mutant[] = [
  ...mutantsOf(
    'methods/idiff-face/autoencoder/quantise.ts',
    [quantise],
    [
      {
        name: 'idiff-face/nearest-code',
        find: '.mul(2).sub(codebook.square().sum(1))',
        replace: '.sub(codebook.square().sum(1))',
        breaks: 'a latent gets a code that is not the nearest',
      },
      {
        name: 'idiff-face/straight-through',
        find: '(dy) => ({ latents: () => tf.clone(dy) })',
        replace: '(dy) => ({ latents: () => tf.zerosLike(dy) })',
        breaks: 'the reconstruction teaches the encoder nothing',
      },
      {
        name: 'idiff-face/beta',
        find: 'commitment.add(movement.mul(beta))',
        replace: 'movement.add(commitment.mul(beta))',
        breaks: "beta is at the other term of the codebook loss: the paper's, not the published code's",
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/condition.ts',
    [condition],
    [
      {
        name: 'idiff-face/dropout-mean',
        find: '1 / (1 - rate)',
        replace: '1',
        breaks: 'contextual partial dropout lowers the mean of the context',
      },
      {
        name: 'idiff-face/dropout',
        find: 'mask ? tf.mul(context, mask) : context',
        replace: 'context',
        breaks: 'nothing is dropped',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/samples.ts',
    [condition],
    [
      {
        name: 'idiff-face/mirrored-embedding',
        find: 'identities.at(row)',
        replace: 'identities.at(row, mirrored)',
        breaks: 'a mirrored image comes with the embedding of its mirror image',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/network.ts',
    [networks],
    [
      {
        name: 'idiff-face/latent-scale',
        find: 'tf.div(latents, config.latentScale)',
        replace: 'latents',
        breaks: 'scaled latents are decoded as they are',
      },
      {
        name: 'idiff-face/quantised-sample',
        find: 'decode(decoder, codes, config.autoencoder)',
        replace: 'decode(decoder, tf.div(latents, config.latentScale), config.autoencoder)',
        breaks: 'samples are decoded without being quantised',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/unet/attention.ts',
    [networks],
    [
      {
        name: 'idiff-face/token-order',
        find: '.reshape([b, size, tokens])\n    .transpose([0, 2, 1])',
        replace: '.reshape([b, tokens, size])',
        breaks: 'values of the context layer fall to other tokens than in the published code',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/unet/attention.ts',
    [golden],
    [
      {
        name: 'idiff-face/cross-attention',
        find: 'contextTokens(weights, name, context, config), heads)',
        replace: 'own, heads)',
        breaks: 'the image attends to itself in place of the context',
      },
      {
        name: 'idiff-face/one-norm',
        find: 'const rows = normal().reshape(',
        replace: 'const rows = own.reshape(',
        breaks: 'the feed-forward network sees the image as it was before attention',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/unet/layout.ts',
    [golden],
    [
      {
        name: 'idiff-face/last-block',
        find: 'const to = i < blocks ? (widths[level] as number) : next;',
        replace: 'const to = widths[level] as number;',
        breaks: 'the last block of a level keeps the channels of the level',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/autoencoder/forward.ts',
    [golden],
    [
      {
        name: 'idiff-face/autoencoder-attention',
        find: '.mul(1 / Math.sqrt(c))',
        replace: '.mul(1 / c)',
        breaks: 'attention of the autoencoder is too even',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/unet/unet.ts',
    [networks],
    [
      {
        name: 'idiff-face/scale-and-shift',
        find: 'scale: linear(weights, `${name}.scale_emb`, time), shift: linear(weights, `${name}.shift_emb`, time)',
        replace: 'shift: linear(weights, `${name}.scale_emb`, time), scale: linear(weights, `${name}.shift_emb`, time)',
        breaks: 'the time scales where it should shift',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/train/stage.ts',
    [stages],
    [
      {
        name: 'idiff-face/scale-latents',
        find: 'params.scaleLatents ?',
        replace: '!params.scaleLatents ?',
        breaks: 'latents are scaled where they should not be',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/latent-scale.ts',
    [stages],
    [
      {
        name: 'idiff-face/deviation',
        find: 'Math.sqrt(squares / count - (sum / count) ** 2)',
        replace: 'Math.sqrt(squares / count)',
        breaks: 'the mean of latents counts as deviation',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/rate.ts',
    ['test/training/diffusion/plan.test.ts'],
    [
      {
        name: 'idiff-face/restarts',
        find: 'length *= 2;',
        replace: 'length *= 1;',
        breaks: 'cycles of the learning rate do not grow',
      },
    ],
  ),
  ...mutantsOf(
    'methods/idiff-face/import-autoencoder/names.ts',
    ['test/methods/idiff-face/import-autoencoder.test.ts'],
    [
      {
        name: 'idiff-face/any-autoencoder',
        find: "!isPart('quantize.embedding.weight')",
        replace: "!isPart('encoder.conv_out.weight')",
        breaks: 'an autoencoder without a codebook is refused without the reason',
      },
      {
        name: 'idiff-face/prefix-everywhere',
        find: 'name.startsWith(prefix) && ofAutoencoder',
        replace: 'ofAutoencoder',
        breaks: 'tensors of a whole latent diffusion model are taken for those of its autoencoder',
      },
    ],
  ),
];
