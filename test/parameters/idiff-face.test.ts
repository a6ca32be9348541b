import { beforeAll } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { stage as generate } from '../../methods/idiff-face/generate/stage.ts';
import { stage as train } from '../../methods/idiff-face/train/stage.ts';
import { stage as trainAutoencoder } from '../../methods/idiff-face/train-autoencoder/stage.ts';
import { toyContext, toyDataset } from '../activities/toy.ts';
import { putInquiries, putRecognizer } from '../methods/cemiface/tiny.ts';
import { putAutoencoder, putGenerator } from '../methods/idiff-face/tiny.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<
  | ('data' | 'faces' | 'recognizer' | 'judge' | 'autoencoder' | 'other' | 'generator' | 'second')
  | ('inquiries' | 'more'),
  ArtifactRef
>;
const ref = (name: keyof typeof refs): JsonObject => ({ ...refs[name] });

beforeAll(async () => {
  refs.data = await toyDataset(store, 2, 2);
  refs.faces = await toyDataset(store, 2, 2, 10);
  refs.recognizer = await putRecognizer(store);
  refs.judge = await putRecognizer(store, 2);
  refs.autoencoder = await putAutoencoder(store);
  refs.other = await putAutoencoder(store, 2);
  refs.generator = await putGenerator(store, refs.recognizer, refs.autoencoder);
  refs.second = await putGenerator(store, refs.recognizer, refs.other);
  refs.inquiries = await putInquiries(store, 2);
  refs.more = await putInquiries(store, 3);
});

sweep('idiff-face/train-autoencoder', {
  store,
  run: (params) => trainAutoencoder.run(params as never, context),
  base: () => ({
    data: ref('data'),
    network: { base: 8, multipliers: [1], blocks: 1, groups: 4, channels: 2, codes: 8 },
    ...{ epochs: 1, batch: 2, lr: 0.01 },
  }),
  changes: () => ({
    data: { to: ref('faces') },
    'network.base': { to: 16 },
    'network.multipliers': { to: [1, 1] },
    'network.blocks': { to: 2 },
    'network.groups': { to: 2 },
    'network.channels': { to: 3 },
    'network.codes': { to: 16 },
    beta: { to: 1 },
    epochs: { to: 2 },
    batch: { to: 4 },
    lr: { to: 0.02 },
    warmup: { to: 2 },
    decay: { to: 'cosine' },
    flip: { to: false },
    precision: { to: 'bfloat16' },
  }),
  inert: {
    microBatch: {
      because: 'the numbers are those of the whole batch, up to rounding (test/methods/idiff-face/stages.test.ts)',
    },
  },
});

sweep('idiff-face/train', {
  store,
  run: (params) => train.run(params as never, context),
  base: () => ({
    ...{ data: ref('data'), recognizer: ref('recognizer'), autoencoder: ref('autoencoder') },
    network: { base: 8, multipliers: [1], blocks: 1, attention: [], headChannels: 8, groups: 4, conditionSize: 8 },
    ...{ epochs: 2, batch: 2, lr: 0.01, timesteps: 20 },
  }),
  changes: () => ({
    data: { to: ref('faces') },
    recognizer: { to: ref('judge') },
    autoencoder: { to: ref('other') },
    'network.base': { to: 16 },
    'network.multipliers': { to: [2] },
    'network.blocks': { to: 2 },
    'network.attention': { to: [0] },
    'network.headChannels': { to: 4 },
    'network.groups': { to: 2 },
    'network.conditionSize': { to: 9 },
    'network.conditionTokens': { to: 2 },
    'network.prediction': { to: 'velocity' },
    contextDropout: { to: 0.5 },
    scaleLatents: { to: true },
    cycle: { to: 2 },
    flip: { to: false },
    precision: { to: 'bfloat16' },
  }),
  // `test/parameters/diffusion.test.ts` tries them: the trainer is the same.
  triedElsewhere: [['diffusion-training']],
});

sweep('idiff-face/generate', {
  store,
  run: async (params) => {
    const shards = await generate.split(params as never, context);
    const made = await Promise.all(shards.map((shard) => generate.runShard(shard, context)));
    return generate.join(params as never, made, context);
  },
  base: () => ({
    ...{ generator: ref('generator'), inquiries: ref('inquiries') },
    ...{ images: 1, steps: 2, batch: 4 },
  }),
  changes: () => ({
    generator: { to: ref('second') },
    inquiries: { to: ref('more') },
    identities: { to: 1 },
    skip: { to: 1 },
    images: { to: 2 },
    oversample: { to: 1 },
    sampler: { to: 'ddim' },
    steps: { to: 3 },
    // Codes hide the little noise that the last steps add.
    eta: { to: 1, with: { sampler: 'ddim', steps: 10 } },
    precision: { to: 'bfloat16' },
  }),
  inert: {
    batch: { because: 'changes an image at most by rounding (test/training/diffusion)' },
    shardIdentities: {
      because: 'cuts the work and the files, and changes no pixel (test/methods/idiff-face/stages.test.ts)',
    },
  },
});
