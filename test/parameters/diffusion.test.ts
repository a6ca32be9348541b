import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { stage as importing } from '../../activities/diffusion-import/stage.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { encodeSafetensors } from '../../formats/safetensors.ts';
import { stage as generate } from '../../methods/cemiface/generate/stage.ts';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { stage as train } from '../../methods/cemiface/train/stage.ts';
import { initialise } from '../../nn/parameters.ts';
import { toSafetensors } from '../../nn/weights.ts';
import { toyContext, toyDataset } from '../activities/toy.ts';
import { putGenerator, putInquiries, putRecognizer, tinyGenerator } from '../methods/cemiface/tiny.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<
  'data' | 'faces' | 'recognizer' | 'trained' | 'judge' | 'generator' | 'second' | 'inquiries' | 'more',
  ArtifactRef
>;
const ref = (name: keyof typeof refs): JsonObject => ({ ...refs[name] });

beforeAll(async () => {
  refs.data = await toyDataset(store, 2, 2);
  refs.faces = await toyDataset(store, 2, 2, 10);
  refs.recognizer = await putRecognizer(store);
  refs.judge = await putRecognizer(store, 2);
  refs.trained = await putTrained();
  refs.generator = await putGenerator(store, refs.recognizer);
  refs.second = await putGenerator(store, refs.judge);
  refs.inquiries = await putInquiries(store, 2);
  refs.more = await putInquiries(store, 3);
});

const tinyUnet = { base: 8, multipliers: [1], attention: [], headChannels: 8, groups: 4, conditionSize: 8 };

/** Weights of the UNet below that are not its first ones. */
const putTrained = async (): Promise<ArtifactRef> => {
  const rest = { patch: 1, blocks: 1, conditionProjection: 'shared', identityScale: 1, conditionTokens: 1 } as const;
  const config = { ...tinyUnet, ...rest, imageSize: 12, identitySize: 6, prediction: 'epsilon' } as const;
  const { parameters } = cemifaceDenoiser(config);
  const tensors = toSafetensors(initialise(parameters, 99), parameters);
  return writeWeights(store, tensors, { network: { family: 'unet' } });
};

sweep('diffusion/train', {
  store,
  run: (params) => train.run(params as never, context),
  base: () => ({
    ...{ data: ref('data'), recognizer: ref('recognizer') },
    network: tinyUnet,
    ...{ epochs: 1, batch: 2, lr: 0.01, timesteps: 20 },
  }),
  changes: () => ({
    data: { to: ref('faces') },
    recognizer: { to: ref('judge') },
    initial: { to: ref('trained') },
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
    snrFactor: { to: 12.25 },
    mse: { to: 'noise', with: { network: { ...tinyUnet, prediction: 'velocity' } } },
    'similarity.lowest': { to: 0 },
    'similarity.highest': { to: 0 },
    'similarity.interval': { to: 0.5 },
    'similarity.measure': { to: 'euclidean' },
    flip: { to: false },
    precision: { to: 'bfloat16' },
    samples: { to: { grids: 1, identities: 2, images: 2, steps: 2 } },
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
    skip: { to: 1 },
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

let plain: string;
let averaged: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unet-'));
  const { parameters } = cemifaceDenoiser(tinyGenerator);
  const of = (seed: number) => toSafetensors(initialise(parameters, seed), parameters);
  const ema = Object.fromEntries(Object.entries(of(2)).map(([name, tensor]) => [`ema.${name}`, tensor]));
  [plain, averaged] = [join(folder, 'plain.safetensors'), join(folder, 'averaged.safetensors')];
  await writeFile(plain, encodeSafetensors(of(1)));
  await writeFile(averaged, encodeSafetensors({ ...of(3), ...ema }));
});

sweep('diffusion/import', {
  store,
  run: ({ path, ...params }) => importing.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: plain }),
  changes: () => ({
    path: { to: averaged },
    prefix: { to: 'ema.', with: { path: averaged, prefix: '' } },
    trainedOn: { to: 'FFHQ', onlyStated: true },
    licence: { to: 'MIT', onlyStated: true },
  }),
});
