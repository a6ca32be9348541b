import { beforeAll } from 'vitest';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { stage as generate } from '../../methods/dcface/generate/stage.ts';
import { stage as train } from '../../methods/dcface/train/stage.ts';
import { stage as sample } from '../../methods/ddpm/generate/stage.ts';
import { ddpmDenoiser, unconditional } from '../../methods/ddpm/network.ts';
import { stage as learn } from '../../methods/ddpm/train/stage.ts';
import { family } from '../../methods/ddpm/weights.ts';
import { initialise } from '../../nn/parameters.ts';
import { toSafetensors } from '../../nn/weights.ts';
import { networkObject } from '../../training/diffusion/network-fields.ts';
import { side, toyContext, toyDataset } from '../activities/toy.ts';
import { putInquiries, withoutZeros } from '../methods/cemiface/tiny.ts';
import { putDcFace, putGuide } from '../methods/dcface/tiny.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<
  'data' | 'faces' | 'guide' | 'judge' | 'generator' | 'second' | 'inquiries' | 'more' | 'plain' | 'other',
  ArtifactRef
>;
const ref = (name: keyof typeof refs): JsonObject => ({ ...refs[name] });

const unet = { base: 8, multipliers: [1], attention: [], headChannels: 8, groups: 4 };

/** Weights of the UNet above that are not its first ones. */
const putPlain = (seed: number): Promise<ArtifactRef> => {
  const config = { ...unet, patch: 1, blocks: 1, prediction: 'epsilon', imageSize: side } as const;
  const { parameters } = ddpmDenoiser({ ...config, ...unconditional });
  const stored = toSafetensors(initialise(withoutZeros(parameters), seed), parameters);
  return writeWeights(store, stored, { network: { family, ...networkObject(config) }, timesteps: 100 });
};

beforeAll(async () => {
  refs.data = await toyDataset(store, 2, 4);
  refs.faces = await toyDataset(store, 2, 4, 10);
  refs.guide = await putGuide(store);
  refs.judge = await putGuide(store, 2);
  refs.generator = await putDcFace(store, refs.guide);
  refs.second = await putDcFace(store, refs.guide, 3);
  refs.inquiries = await putInquiries(store, 2);
  refs.more = await putInquiries(store, 3);
  refs.plain = await putPlain(99);
  refs.other = await putPlain(98);
});

const training = { epochs: 1, batch: 4, lr: 0.01, timesteps: 20 };
/** `test/parameters/diffusion.test.ts` tries them: the trainer is the same. */
const triedElsewhere = [['diffusion-training'], ['unet', 'network.']] as const;

sweep('ddpm/train', {
  store,
  run: (params) => learn.run(params as never, context),
  base: () => ({ data: ref('data'), network: unet, ...training }),
  changes: () => ({
    data: { to: ref('faces') },
    initial: { to: ref('plain') },
    flip: { to: false },
    precision: { to: 'bfloat16' },
  }),
  triedElsewhere,
});

sweep('ddpm/generate', {
  store,
  run: async (params) => {
    const shards = await sample.split(params as never, context);
    const made = await Promise.all(shards.map((shard) => sample.runShard(shard, context)));
    return sample.join(params as never, made, context);
  },
  base: () => ({ generator: ref('plain'), identities: 3, steps: 3, batch: 4 }),
  changes: () => ({
    generator: { to: ref('other') },
    identities: { to: 2 },
    sampler: { to: 'ddim' },
    steps: { to: 4 },
    eta: { to: 0.5, with: { sampler: 'ddim' } },
    epsilon: { to: 'clipped', with: { sampler: 'ddim' } },
    precision: { to: 'bfloat16' },
  }),
  inert: {
    batch: { because: 'changes an image at most by rounding (test/methods/cemiface/generate.test.ts)' },
    shardIdentities: {
      because: 'cuts the work and the files, and changes no pixel (test/methods/ddpm/generate.test.ts)',
    },
  },
});

sweep('dcface/train', {
  store,
  run: (params) => train.run(params as never, context),
  base: () => ({
    ...{ data: ref('data'), recognizer: ref('guide'), network: unet, style: { grid: 4, dropout: 0.3 } },
    ...training,
  }),
  changes: () => ({
    data: { to: ref('faces') },
    recognizer: { to: ref('judge') },
    initial: { to: ref('plain') },
    flip: { to: false },
    precision: { to: 'bfloat16' },
    'network.conditionProjection': { to: 'block' },
    'style.grid': { to: 2 },
    'style.dropout': { to: 0 },
    lambda: { to: 0.1 },
    outliers: { to: 0.5 },
    identityImages: { to: 1 },
  }),
  triedElsewhere,
});

sweep('dcface/generate', {
  store,
  run: async (params) => {
    const shards = await generate.split(params as never, context);
    const made = await Promise.all(shards.map((shard) => generate.runShard(shard, context)));
    return generate.join(params as never, made, context);
  },
  base: () => ({
    ...{ generator: ref('generator'), inquiries: ref('inquiries'), styles: ref('data') },
    ...{ images: 1, oversample: 0, steps: 2, batch: 4 },
  }),
  changes: () => ({
    generator: { to: ref('second') },
    inquiries: { to: ref('more') },
    styles: { to: ref('faces') },
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
      because: 'cuts the work and the files, and changes no pixel (test/methods/dcface/generate.test.ts)',
    },
  },
});
