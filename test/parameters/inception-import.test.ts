import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { stage } from '../../activities/inception-import/stage.ts';
import { encodeSafetensors } from '../../formats/safetensors.ts';
import { toyContext } from '../activities/toy.ts';
import { filledStored } from '../nn/inception.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
let folder: string;
let whole: string;
let empty: string;

/** The whole network, 87 MB, and a file that holds nothing of it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inception-'));
  [whole, empty] = [join(folder, 'whole.safetensors'), join(folder, 'empty.safetensors')];
  await writeFile(whole, encodeSafetensors(filledStored()));
  await writeFile(empty, encodeSafetensors({ other: { dtype: 'F32', shape: [1], data: new Float32Array(1) } }));
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

sweep('inception/import', {
  store: context.store,
  run: ({ path, ...params }) => stage.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: whole }),
  changes: () => ({
    path: { to: empty },
    trainedOn: { to: 'ImageNet', onlyStated: true },
    licence: { to: 'Apache-2.0', onlyStated: true },
  }),
});
