import { fileURLToPath } from 'node:url';
import { beforeAll } from 'vitest';
import { stage as importRecognizer } from '../../activities/recognizer-import/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { stage as importDcFace } from '../../methods/dcface/import/stage.ts';
import { stage as importAutoencoder } from '../../methods/idiff-face/import-autoencoder/stage.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { toyContext } from '../activities/toy.ts';
import { cases } from '../golden/values.ts';
import { putGuide } from '../methods/dcface/tiny.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const { store } = context;
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/published/${name}`, import.meta.url));
const checkpoint = fixture('dcface.ckpt');
const config: RecognizerConfig = cases.dcfacePublished.recognizer;
const refs = {} as Record<'recognizer' | 'other', ArtifactRef>;
const ref = (name: keyof typeof refs): JsonObject => ({ ...refs[name] });

beforeAll(async () => {
  const params = {
    ...{ channels: 'bgr' as const, network: { preset: 'ir_18' as const, ...config }, strict: true },
    ...{ prefix: 'recognition_model.backbone.', trainedOn: '', licence: '' },
  };
  refs.recognizer = (await importRecognizer.run(params, { ...context, places: { path: checkpoint } }))
    .weights as ArtifactRef;
  refs.other = await putGuide(store);
});

sweep('dcface/import', {
  store,
  run: ({ path, ...params }) => importDcFace.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({
    ...{ path: checkpoint, recognizer: ref('recognizer') },
    network: { base: 8, multipliers: [1, 1, 1, 1, 1, 1], headChannels: 4, groups: 2 },
  }),
  changes: () => ({
    path: { to: fixture('vq') },
    recognizer: { to: ref('other') },
    weights: { to: 'last' },
    'network.patch': { to: 2 },
    'network.base': { to: 16 },
    'network.multipliers': { to: [1, 1, 1, 1, 1, 2] },
    'network.blocks': { to: 2 },
    'network.attention': { to: [3] },
    'network.headChannels': { to: 8 },
    'network.groups': { to: 4, onlyStated: true },
    'network.prediction': { to: 'velocity', onlyStated: true },
    timesteps: { to: 500, onlyStated: true },
    trainedOn: { to: 'CASIA-WebFace', onlyStated: true },
    licence: { to: 'MIT', onlyStated: true },
  }),
});

sweep('idiff-face/import-autoencoder', {
  store,
  run: ({ path, ...params }) =>
    importAutoencoder.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: fixture('vq'), network: { base: 8, multipliers: [1, 2], blocks: 1, groups: 4, codes: 20 } }),
  changes: () => ({
    path: { to: checkpoint },
    'network.base': { to: 16 },
    'network.multipliers': { to: [1, 1] },
    'network.blocks': { to: 2 },
    'network.groups': { to: 2, onlyStated: true },
    'network.channels': { to: 4 },
    'network.codes': { to: 16 },
    prefix: { to: 'first_stage_model.' },
    trainedOn: { to: 'OpenImages', onlyStated: true },
    licence: { to: 'MIT', onlyStated: true },
  }),
});
