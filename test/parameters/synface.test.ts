import { beforeAll } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { ShardedStageKind } from '../../core/stage.ts';
import { stage as draw } from '../../methods/synface/draw/stage.ts';
import { stage as generate } from '../../methods/synface/generate/stage.ts';
import { stage as train } from '../../methods/synface/train-generator/stage.ts';
import { toyContext } from '../activities/toy.ts';
import { drawnFaces, putGenerator, wholeOf } from '../methods/synface/tiny.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<'data' | 'faces' | 'generator' | 'second', ArtifactRef>;
const ref = (name: keyof typeof refs): JsonObject => ({ ...refs[name] });
const sharded = (kind: unknown) => async (params: JsonObject) => ({
  data: await wholeOf(kind as ShardedStageKind<JsonObject>, params, context),
});

beforeAll(async () => {
  refs.data = await drawnFaces(context, { identities: 2, images: 2 });
  refs.faces = await drawnFaces(context, { identities: 2, images: 2, population: 'others' });
  refs.generator = await putGenerator(store);
  refs.second = await putGenerator(store, 2);
});

sweep('synface/train-generator', {
  store,
  run: (params) => train.run(params as never, context),
  base: () => ({
    data: ref('data'),
    network: { patch: 2, base: 4, multipliers: [1], blocks: 1, groups: 2, hidden: 8, latent: 2 },
    ...{ epochs: 1, batch: 2, lr: 0.01, warmup: 0, decay: 'constant' },
  }),
  changes: () => ({
    data: { to: ref('faces') },
    'network.patch': { to: 4 },
    'network.base': { to: 8 },
    'network.multipliers': { to: [1, 1] },
    'network.blocks': { to: 2 },
    'network.groups': { to: 4 },
    'network.hidden': { to: 9 },
    'network.latent': { to: 3 },
    deviation: { to: 0.5 },
    beta: { to: 3 },
    epochs: { to: 2 },
    batch: { to: 4 },
    lr: { to: 0.02 },
    warmup: { to: 2 },
    decay: { to: 'cosine' },
    precision: { to: 'bfloat16' },
  }),
  inert: {
    microBatch: {
      because: 'the numbers are those of the whole batch, up to rounding (test/methods/synface/stages.test.ts)',
    },
  },
});

const set = { identities: 3, images: 2 };
const ofSet = {
  identities: { to: 4 },
  images: { to: 3 },
  mixup: { to: false },
  mixAmong: { to: 2 },
  population: { to: 'others' },
};

sweep('synface/generate', {
  store,
  run: sharded(generate),
  base: () => ({ generator: ref('generator'), ...set, batch: 4 }),
  changes: () => ({
    generator: { to: ref('second') },
    ...ofSet,
    truncation: { to: 1 },
    precision: { to: 'bfloat16' },
  }),
  inert: {
    batch: { because: 'changes an image at most by rounding (test/methods/synface/stages.test.ts)' },
    shardIdentities: {
      because: 'cuts the work and the files, and changes no pixel (test/methods/synface/stages.test.ts)',
    },
  },
});

sweep('synface/draw', {
  store,
  run: sharded(draw),
  base: () => ({ ...set, size: 16 }),
  changes: () => ({ ...ofSet, size: { to: 20 }, variation: { to: 0.5 }, wear: { to: 2 } }),
  inert: {
    shardIdentities: {
      because: 'cuts the work and the files, and changes no pixel (test/methods/synface/stages.test.ts)',
    },
  },
});
