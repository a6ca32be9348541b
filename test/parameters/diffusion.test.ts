import { beforeAll } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { stage as generate } from '../../methods/cemiface/generate/stage.ts';
import { stage as train } from '../../methods/cemiface/train/stage.ts';
import { toyContext, toyDataset } from '../activities/toy.ts';
import { putGenerator, putInquiries, putRecognizer } from '../methods/cemiface/tiny.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<
  'data' | 'faces' | 'recognizer' | 'judge' | 'generator' | 'second' | 'inquiries' | 'more',
  ArtifactRef
>;
const ref = (name: keyof typeof refs): JsonObject => ({ ...refs[name] });

beforeAll(async () => {
  refs.data = await toyDataset(store, 2, 2);
  refs.faces = await toyDataset(store, 2, 2, 10);
  refs.recognizer = await putRecognizer(store);
  refs.judge = await putRecognizer(store, 2);
  refs.generator = await putGenerator(store, refs.recognizer);
  refs.second = await putGenerator(store, refs.judge);
  refs.inquiries = await putInquiries(store, 2);
  refs.more = await putInquiries(store, 3);
});

sweep('diffusion/train', {
  store,
  run: (params) => train.run(params as never, context),
  base: () => ({
    ...{ data: ref('data'), recognizer: ref('recognizer') },
    network: { base: 8, multipliers: [1], attention: [], headChannels: 8, groups: 4, conditionSize: 8 },
    ...{ epochs: 1, batch: 2, lr: 0.01, timesteps: 20 },
  }),
  changes: () => ({
    data: { to: ref('faces') },
    recognizer: { to: ref('judge') },
    'network.patch': { to: 2 },
    'network.base': { to: 16 },
    'network.multipliers': { to: [2] },
    'network.blocks': { to: 2 },
    'network.attention': { to: [0] },
    'network.headChannels': { to: 4 },
    'network.groups': { to: 2 },
    'network.conditionSize': { to: 9 },
    'network.conditionProjection': { to: 'block' },
    'network.identityScale': { to: 2 },
    'network.conditionTokens': { to: 2 },
    'network.prediction': { to: 'velocity' },
    epochs: { to: 2 },
    batch: { to: 4 },
    lr: { to: 0.02 },
    warmup: { to: 2 },
    decay: { to: 'cosine' },
    weightDecay: { to: 0.1 },
    emaMaximum: { to: 0.1 },
    lambda: { to: 0.1 },
    timesteps: { to: 10 },
    'similarity.lowest': { to: 0 },
    'similarity.highest': { to: 0 },
    'similarity.interval': { to: 0.5 },
    'similarity.measure': { to: 'euclidean' },
    flip: { to: false },
    precision: { to: 'bfloat16' },
  }),
  inert: {
    microBatch: {
      because: 'the numbers are those of the whole batch, up to rounding (test/methods/cemiface/train.test.ts)',
    },
    recompute: { because: 'the same operations run again (test/methods/cemiface/train.test.ts)' },
  },
});

sweep('diffusion/generate', {
  store,
  run: async (params) => {
    const shards = await generate.split(params as never, context);
    const made = await Promise.all(shards.map((shard) => generate.runShard(shard, context)));
    return generate.join(params as never, made, context);
  },
  base: () => ({
    ...{ generator: ref('generator'), inquiries: ref('inquiries') },
    ...{ m: 0.2, images: 1, oversample: 0, steps: 2, batch: 4 },
  }),
  changes: () => ({
    generator: { to: ref('second') },
    inquiries: { to: ref('more') },
    m: { to: 0.3 },
    identities: { to: 1 },
    images: { to: 2 },
    oversample: { to: 1 },
    steps: { to: 3 },
    eta: { to: 0.5 },
    epsilon: { to: 'clipped' },
    precision: { to: 'bfloat16' },
  }),
  inert: {
    batch: { because: 'changes an image at most by rounding (test/methods/cemiface/generate.test.ts)' },
    shardIdentities: {
      because: 'cuts the work and the files, and changes no pixel (test/methods/cemiface/shards.test.ts)',
    },
  },
});
