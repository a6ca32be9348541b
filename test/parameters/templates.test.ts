import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { stage as imported } from '../../activities/data-import-ijb/stage.ts';
import { stage as templates } from '../../activities/evaluate-templates/stage.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { template } from '../../data/align/template.ts';
import { ijbFolder } from '../activities/ijb-folder.ts';
import { side, toyContext } from '../activities/toy.ts';
import { putRecognizer } from '../methods/cemiface/tiny.ts';
import { sweep, terms } from './sweep.ts';

const context = toyContext();
const { store } = context;
const folders = { first: '', other: '', linked: '' };
const refs = {} as { recognizer: ArtifactRef; judge: ArtifactRef; first: ArtifactRef; other: ArtifactRef };

const take = ({ path, ...params }: JsonObject): Promise<Outputs> =>
  imported.run(params as never, { ...context, places: { path: path as string } });

/** The smallest that the schema allows. */
const edge = 16;
const lists = { faces: 'meta/faces.txt', pairs: 'meta/pairs.txt', images: 'crops' };
const base = (): JsonObject => ({ path: folders.first, set: 'ijbc', ...lists, align: false, size: edge });

/** A face that is a little smaller than the template's. */
const fivePoints = [...template({ height: edge, width: edge })].map((value) => 1 + 0.9 * value).join(' ');

beforeAll(async () => {
  // Other media, other pairs.
  const more = {
    'faces.txt': [0, 1, 2, 3, 4, 5].map((i) => `${i}.png ${[5, 5, 5, 8, 2, 9][i]} ${i}\n`).join(''),
    'pairs.txt': '5 8 1\n5 2 0\n',
    'meta/template.txt': [0, 1, 2, 3, 4, 5].map((i) => `${i}.png ${fivePoints} 1\n`).join(''),
  };
  folders.first = await ijbFolder(more, edge);
  folders.other = await ijbFolder({ ...more, 'meta/pairs.txt': '5 8 1\n8 9 0\n' }, edge);
  folders.linked = await ijbFolder({}, edge);
  await symlink(join(folders.first, 'crops'), join(folders.linked, 'linked'));
  const facts = { links: 'inside', points: 'meta/points.txt', licence: '', source: '', consent: '' };
  const made = async (params: JsonObject) =>
    (await take({ ...base(), ...facts, size: side, ...params })).benchmarks as ArtifactRef;
  refs.first = await made({ path: await ijbFolder() });
  refs.other = await made({ path: await ijbFolder({ 'meta/pairs.txt': '5 8 1\n8 9 0\n' }) });
  refs.recognizer = await putRecognizer(store);
  refs.judge = await putRecognizer(store, 3);
});

sweep('data/import-ijb', {
  store,
  run: take,
  base,
  changes: () => ({
    path: { to: folders.other },
    set: { to: 'ijbb' },
    faces: { to: 'faces.txt' },
    pairs: { to: 'pairs.txt' },
    points: { to: 'meta/points.txt' },
    images: { to: '' },
    align: { to: false, with: { align: true, points: 'meta/template.txt' } },
    size: { to: 17, with: { align: true, points: 'meta/template.txt' } },
    links: { to: 'inside', with: { path: folders.linked, images: 'linked', links: 'anywhere' } },
    ...terms,
  }),
});

sweep('evaluate/templates', {
  store,
  run: (params) => templates.run(params as never, context),
  base: () => ({ recognizer: { ...refs.recognizer }, benchmarks: { ...refs.first } }),
  changes: () => ({
    recognizer: { to: { ...refs.judge } },
    benchmarks: { to: { ...refs.other } },
    weighting: { to: 'detector' },
    precision: { to: 'bfloat16' },
  }),
});
