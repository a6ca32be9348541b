import { beforeAll } from 'vitest';
import { stage } from '../../activities/recognizer-train/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Json } from '../../core/errors.ts';
import { toyBenchmarks, toyContext, toyDataset } from '../activities/toy.ts';
import { type Changed, sweep } from './sweep.ts';

const context = toyContext();
let data: ArtifactRef;
let other: ArtifactRef;
let validation: ArtifactRef;

/** Each happens, and each goes further than by default. */
const degradations: Record<string, Changed> = {};
for (const name of [
  ...['cut', 'warp', 'photometric', 'brightness', 'contrast', 'saturation', 'hue', 'grey'],
  ...['blur', 'motionBlur', 'lowResolution', 'noise', 'jpeg'],
])
  degradations[`augment.degrade.${name}`] = { to: 1 };
for (const [name, to, by] of [
  ['cut', [0.1, 0.1]],
  ['lowResolution', [0.1, 0.1]],
  ['colour', 0.9, 'brightness'],
  ['hue', 0.3],
  ['warp', 0.3],
  ['blur', [0.3, 0.3]],
  ['motionBlur', [0.9, 0.9]],
  ['noise', [50, 50]],
  ['jpeg', [5, 5]],
] as const)
  degradations[`augment.magnitudes.${name}`] = { to: to as Json, with: { [`augment.degrade.${by ?? name}`]: 1 } };

beforeAll(async () => {
  data = await toyDataset(context.store, 4, 2);
  other = await toyDataset(context.store, 4, 2, 10);
  validation = await toyBenchmarks(context.store, 20);
});

sweep('recognizer/train', {
  store: context.store,
  run: (params) => stage.run(params as never, context),
  base: () => ({
    data: { ...data },
    network: { stemWidth: 4, stemStride: 1, widths: [4], depths: [1], strides: [2], embedding: 4 },
    ...{ loss: 'cosface', s: 8, epochs: 1, batch: 4, lr: 0.1, milestones: [] },
    augment: { cropScale: [1, 1], flip: 0, jitter: 0, erase: 0 },
  }),
  changes: () => ({
    data: { to: { ...other } },
    precision: { to: 'bfloat16' },
    'network.preset': { to: 'ir_se_50' },
    'network.variant': { to: 'ir_se' },
    'network.stemWidth': { to: 5 },
    'network.stemStride': { to: 2 },
    'network.widths': { to: [5] },
    'network.depths': { to: [2] },
    'network.strides': { to: [1] },
    'network.embedding': { to: 5 },
    'network.dropout': { to: 0.5 },
    'network.channels': { to: 'bgr' },
    loss: { to: 'arcface' },
    m: { to: 0.3 },
    h: { to: 0.5, with: { loss: 'adaface' } },
    s: { to: 9 },
    t_alpha: { to: 0.5, with: { loss: 'adaface' } },
    epochs: { to: 2 },
    batch: { to: 2 },
    microBatch: { to: 2 },
    lr: { to: 0.2 },
    lrBatch: { to: 8 },
    momentum: { to: 0.5 },
    weightDecay: { to: 0.01 },
    decayNorms: { to: true },
    milestones: { to: [0] },
    gamma: { to: 0.5, with: { milestones: [0] } },
    warmup: { to: 2 },
    validation: { to: { ...validation } },
    validateEvery: { to: 2, with: { validation: { ...validation }, epochs: 2 } },
    // After four epochs the third is the best.
    // What is in them, test/activities/recognizer-samples.test.ts tries.
    second: { to: { data: { ...other }, use: 'beside', share: 0.5 } },
    clip: { to: 0.001 },
    plateau: {
      to: { patience: 0, factor: 0.1, stop: 0 },
      with: { validation: { ...validation }, epochs: 3, lr: 1e-9 },
    },
    keep: { to: 'best', with: { validation: { ...validation }, epochs: 4, lr: 0.5 } },
    'augment.cropScale': { to: [0.5, 0.6] },
    'augment.flip': { to: 1 },
    'augment.jitter': { to: 0.2 },
    'augment.erase': { to: 1 },
    'augment.eraseScale': { to: [0.3, 0.4], with: { 'augment.erase': 1 } },
    ...degradations,
  }),
  inert: { recompute: { because: 'the same operations run again; only memory and time differ', to: true } },
});
