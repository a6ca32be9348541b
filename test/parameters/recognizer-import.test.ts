import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { stage } from '../../activities/recognizer-import/stage.ts';
import { encodeSafetensors } from '../../formats/safetensors.ts';
import { initialise } from '../../nn/parameters.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { toSafetensors } from '../../nn/weights.ts';
import { toyContext } from '../activities/toy.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const network = { widths: [4, 8], depths: [1, 1], strides: [2, 2], stemWidth: 4, stemStride: 1, embedding: 4 };
let plain: string;
let twice: string;

/** Weights of the small network above from two seeds, the second under `ema.`, and one tensor that it does not have. */
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weights-'));
  const parameters = recognizerParameters(recognizerConfig('ir_18', { ...network, imageSize: 16 }));
  const of = (seed: number) => toSafetensors(initialise(parameters, seed), parameters);
  const averaged = Object.fromEntries(Object.entries(of(2)).map(([name, tensor]) => [`ema.${name}`, tensor]));
  const more = { dtype: 'F32', shape: [1], data: new Float32Array(1) } as const;
  [plain, twice] = [join(folder, 'plain.safetensors'), join(folder, 'twice.safetensors')];
  await writeFile(plain, encodeSafetensors(of(1)));
  await writeFile(twice, encodeSafetensors({ ...of(3), ...averaged, more }));
});

sweep('recognizer/import', {
  store: context.store,
  run: ({ path, ...params }) => stage.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: plain, channels: 'rgb', network: { preset: 'ir_18', ...network, imageSize: 16 } }),
  changes: () => ({
    path: { to: twice, with: { strict: false, prefix: '' } },
    channels: { to: 'bgr', onlyStated: true },
    'network.preset': { to: 'iresnet_18' },
    'network.variant': { to: 'ir_se' },
    'network.stemWidth': { to: 8 },
    'network.stemStride': { to: 2 },
    'network.widths': { to: [4, 16] },
    'network.depths': { to: [1, 2] },
    'network.strides': { to: [2, 1] },
    'network.embedding': { to: 8 },
    'network.imageSize': { to: 32 },
    prefix: { to: 'ema.', with: { path: twice, strict: false, prefix: '' } },
    strict: { to: true, with: { path: twice, strict: false, prefix: '' } },
    trainedOn: { to: 'MS1MV2', onlyStated: true },
    licence: { to: 'MIT', onlyStated: true },
  }),
});
