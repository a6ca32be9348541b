import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { folders } from '../../cli/bundle/sources.mjs';
import { kindPlaces } from '../../schemas/kind-places.ts';
import { buildId, type CodeDigest, codeDigests } from '../../spec/code-digest.ts';
import { writeSpecs } from './helpers.ts';

/** A small repository: two kinds, a chain of three helpers, one package, one thread named by URL. */
const files = {
  'package-lock.json': JSON.stringify({ packages: { 'node_modules/@scope/pack': { version: '1.2.3' } } }),
  'activities/a-one/stage.ts':
    "import { readFile } from 'node:fs/promises';\nimport { first } from '../../nn/first.ts';\nexport const stage = { run: async () => first(String(await readFile('x')).length) };\n",
  'activities/a-two/stage.ts':
    "import pack from '@scope/pack/deep';\nimport type { Shape } from '../../nn/types.ts';\nimport { twice } from '../../nn/third.ts';\nexport const stage = { run: (s: Shape) => pack(twice(s.size)), thread: new URL('../../nn/thread.ts', import.meta.url), table: new URL('../../nn/table.json', import.meta.url) };\n",
  'nn/first.ts': "import { second } from './second.ts';\nexport const first = (x: number): number => second(x) + 1;\n",
  'nn/second.ts': "import { third } from './third.ts';\nexport const second = (x: number): number => third(x) * 2;\n",
  'nn/third.ts':
    '/** Three. */\nexport const third = (x: number): number => x - 3;\nexport const twice = (x: number): number => 2 * x;\n',
  'nn/types.ts': 'export interface Shape { size: number }\n',
  'nn/thread.ts': "import { third } from './third.ts';\nconsole.log(third(1));\n",
  'nn/table.json': '[1]',
  'workflows/experiment.ts': 'export const experiment = async (): Promise<number> => 1;\n',
  'worker.ts': "console.log('a worker');\n",
};
const kinds = ['a/one', 'a/two'];
let root = '';
const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(join(root, file), change(readFileSync(join(root, file), 'utf8')));
const digests = async (): Promise<(string | undefined)[]> => {
  const found = await codeDigests(kinds, root);
  return kinds.map((kind) => found.get(kind)?.digest);
};

beforeEach(() => {
  root = writeSpecs(files);
});

describe('the digest of a stage kind is the digest of what it computes', () => {
  it('comments, formatting, types and helpers that it does not use change nothing', async () => {
    const before = await digests();
    edit(
      'nn/third.ts',
      (text) => `// A note.\n${text.replace('/** Three. */', '/* Other words. */').replaceAll(' = ', '\n  =\n  ')}`,
    );
    edit('nn/types.ts', () => 'export interface Shape { size: number; extra?: string }\n');
    edit('nn/first.ts', (text) => `${text}export const unused = 'nobody asks for this';\n`);
    expect(await digests()).toEqual(before);
  });

  it('arithmetic three imports away changes the kinds that use it, and no other', async () => {
    const [one, two] = await digests();
    edit('nn/second.ts', (text) => text.replace('* 2', '* 3'));
    const after = await digests();
    expect(after[0]).not.toBe(one);
    expect(after[1]).toBe(two);
  });

  it('a module that is started as a thread belongs to the code that names it', async () => {
    const [one, two] = await digests();
    edit('nn/thread.ts', (text) => text.replace('third(1)', 'third(2)'));
    const after = await digests();
    expect(after[0]).toBe(one);
    expect(after[1]).not.toBe(two);
  });

  it('a table that is read by URL counts as it is', async () => {
    const [one, two] = await digests();
    edit('nn/table.json', () => '[2]');
    const after = await digests();
    expect(after[0]).toBe(one);
    expect(after[1]).not.toBe(two);
  });

  it('what is imported by a pattern counts, also when a folder is added, but not where its helpers lie', async () => {
    const block = (text: string) => `import { help } from '../../help.ts';\nexport const block = help(${text});\n`;
    const add = (path: string, text: string): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    add('help.ts', 'export const help = (x: number): number => x + 1;\n');
    add('blocks/a/block.ts', block('1'));
    edit(
      'activities/a-one/stage.ts',
      (text) => `${text}export const load = (name: string) => import(\`../../blocks/\${name}/block.ts\`);\n`,
    );
    const one = (await digests())[0];
    renameSync(join(root, 'help.ts'), join(root, 'nn/helping.ts'));
    edit('blocks/a/block.ts', (text) => text.replace('../../help.ts', '../../nn/helping.ts'));
    expect((await digests())[0]).toBe(one);
    edit('blocks/a/block.ts', (text) => text.replace('help(1)', 'help(2)'));
    const changed = (await digests())[0];
    add('blocks/b/block.ts', block('3').replace('../../help.ts', '../../nn/helping.ts'));
    const found = (await codeDigests(kinds, root)).get('a/one');
    expect(new Set([one, changed, found?.digest]).size).toBe(3);
    expect(found?.files).toEqual(expect.arrayContaining(['blocks/a/block.ts', 'blocks/b/block.ts', 'nn/helping.ts']));
  });

  it('the version of an imported package counts, Node itself does not', async () => {
    const before = await codeDigests(kinds, root);
    expect(before.get('a/one')?.packages).toEqual([]);
    expect(before.get('a/two')?.packages).toEqual(['@scope/pack@1.2.3']);
    edit('package-lock.json', (text) => text.replace('1.2.3', '1.2.4'));
    const after = await codeDigests(kinds, root);
    expect(after.get('a/one')?.digest).toBe(before.get('a/one')?.digest);
    expect(after.get('a/two')?.digest).not.toBe(before.get('a/two')?.digest);
  });

  it('the files of the closure are listed, those that only give types are not', async () => {
    const found = await codeDigests(kinds, root);
    expect(found.get('a/one')?.files).toEqual([
      'activities/a-one/stage.ts',
      'nn/first.ts',
      'nn/second.ts',
      'nn/third.ts',
    ]);
    expect(found.get('a/two')?.files).toEqual([
      'activities/a-two/stage.ts',
      'nn/table.json',
      'nn/third.ts',
      'nn/thread.ts',
    ]);
  });

  it('neither the folder of the checkout nor the other kinds nor a tsconfig.json change it', async () => {
    const before = await digests();
    writeFileSync(join(root, 'tsconfig.json'), '{"compilerOptions": {"target": "ES5", "verbatimModuleSyntax": true}}');
    expect(await digests()).toEqual(before);
    const elsewhere = join(mkdtempSync(join(tmpdir(), 'a-much-longer-name-')), 'deeper', 'checkout');
    cpSync(root, elsewhere, { recursive: true });
    const alone = await codeDigests(['a/one'], elsewhere);
    expect(alone.get('a/one')?.digest).toBe(before[0]);
  });

  it('an import that does not exist is answered with its file and line', async () => {
    edit('nn/second.ts', (text) => `import './nowhere.ts';\n${text}`);
    await expect(codeDigests(kinds, root)).rejects.toMatchObject({
      code: 'CodeUnreadable',
      message: expect.stringContaining('nn/second.ts:1'),
    });
  });
});

describe('the build', () => {
  it('changes with workflows, worker and any kind, not with comments', async () => {
    const before = await buildId(root);
    edit('worker.ts', (text) => `// note\n${text}`);
    expect(await buildId(root)).toBe(before);
    edit('workflows/experiment.ts', (text) => text.replace('=> 1', '=> 2'));
    const changed = await buildId(root);
    expect(changed).not.toBe(before);
    edit('nn/second.ts', (text) => text.replace('* 2', '* 5'));
    expect(await buildId(root)).not.toBe(changed);
  });
});

describe('this repository', () => {
  const here = fileURLToPath(new URL('../..', import.meta.url));
  const all = kindPlaces().map(({ kind }) => kind);
  let there = '';
  let before = new Map<string, CodeDigest>();

  beforeAll(async () => {
    there = mkdtempSync(join(tmpdir(), 'cemiflow-copy-'));
    // The folders that the command line is bundled from: a build says so where one is missing.
    for (const folder of folders) {
      cpSync(join(here, folder), join(there, folder), { recursive: true });
    }
    symlinkSync(join(here, 'node_modules'), join(there, 'node_modules'));
    before = await codeDigests(all, there);
  });

  const changedBy = async (file: string, change: (text: string) => string): Promise<string[]> => {
    const text = readFileSync(join(there, file), 'utf8');
    expect(change(text)).not.toBe(text);
    writeFileSync(join(there, file), change(text));
    const after = await codeDigests(all, there);
    writeFileSync(join(there, file), text);
    return all.filter((kind) => after.get(kind)?.digest !== before.get(kind)?.digest);
  };

  it('gives every kind the same digest in another folder', async () => {
    expect(await codeDigests(all)).toEqual(before);
  });

  it('a comment in the UNet changes nothing, its arithmetic the generator and what samples from it', async () => {
    expect(await changedBy('nn/unet/unet.ts', (text) => `// note\n${text}`)).toEqual([]);
    const arithmetic = await changedBy('nn/unet/unet.ts', (text) => text.replace('tf.cos(angles)', 'tf.sin(angles)'));
    const methods = ['dcface', 'ddpm', 'diffusion'];
    expect(arithmetic).toEqual(methods.flatMap((method) => [`${method}/generate`, `${method}/train`]));
  });

  it('what input threads load belongs to the kinds that use them, and augmentation to those that augment', async () => {
    const withInput = all.filter(
      (kind) =>
        !/^data\/(?!inspect$)|^(report|command)\/|^recognizer\/select$|^inquiry\/(centers|random)$|\/import(-autoencoder)?$/.test(
          kind,
        ) && !/^ddpm\/generate$|^synface\/(generate|draw)$|^digiface\//.test(kind),
    );
    const augmentation = (text: string) => text.replace('const attempts = 10', 'const attempts = 11');
    expect(await changedBy('data/augment/augment.ts', augmentation)).toEqual(['recognizer/train']);
    const recipe = (text: string) => text.replace("'augment', epoch", "'augmented', epoch");
    expect(await changedBy('data/loader/augmented.ts', recipe)).toEqual(['recognizer/train']);
    const copying = (text: string) => text.replace('slots = rows.length', 'slots = 1');
    // Training uses them too: what it is validated by is not augmented.
    expect(await changedBy('data/loader/copies.ts', copying)).toEqual(withInput);
    const decoding = (text: string) => text.replace('const window = 16', 'const window = 8');
    expect(await changedBy('data/loader/decode.ts', decoding)).toEqual(withInput);
    const thread = (text: string) => text.replace("'decode' in order", "'decoded' in order");
    expect(await changedBy('data/loader/thread.ts', thread)).toEqual(withInput);
  });

  it('a block of the report, and what a method quotes, belong to the report alone, and are kept with its source', async () => {
    const table = (text: string) => text.replace('Images each', 'Images of each');
    expect(await changedBy('report/blocks/privacy/table.ts', table)).toEqual(['report/build']);
    expect(await changedBy('report/blocks/privacy/block.ts', (text) => `// note\n${text}`)).toEqual([]);
    const number = (text: string) => text.replace('avg: 92.30', 'avg: 92.31');
    expect(await changedBy('methods/cemiface/paper/results.yaml', number)).toEqual(['report/build']);
    const files = before.get('report/build')?.files;
    const blocks = readdirSync(join(here, 'report/blocks')).map((name) => `report/blocks/${name}/block.ts`);
    expect(blocks.length).toBeGreaterThanOrEqual(8);
    expect(files).toEqual(expect.arrayContaining([...blocks, 'methods/cemiface/paper/results.yaml']));
  });

  it('no kind runs the code of plans, specs, workflows or services: these may change and nothing runs again', () => {
    for (const kind of all) {
      expect(
        before
          .get(kind)
          ?.files.filter((file) =>
            /^((schemas|spec|engine|workflows|cli|services|store)\/|versions\.json$)/.test(file),
          ),
      ).toEqual([]);
    }
  });

  it('no kind runs what estimates it: an estimate may be corrected, and nothing runs again', () => {
    for (const kind of all)
      expect(
        before.get(kind)?.files.filter((file) => /\/(estimates?|count)\.ts$/.test(file)),
        kind,
      ).toEqual([]);
  });
});
