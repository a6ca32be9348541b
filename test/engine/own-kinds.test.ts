import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StageContext, StageKind } from '../../core/stage.ts';
import { ownKindLoader } from '../../engine/own-kinds/load.ts';
import { type OwnCode, readOwnKind } from '../../engine/own-kinds/read.ts';
import { putSource } from '../../engine/source-files.ts';
import { repository } from '../../schemas/kind-places.ts';
import { memoryStore } from '../helpers/memory-store.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'own-')), 'dim');
  cpSync(join(repository, 'pipelines/kinds/dim'), folder, { recursive: true });
});
const write = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const edit = (change: (text: string) => string): void =>
  write('stage.ts', change(readFileSync(join(folder, 'stage.ts'), 'utf8')));
const read = (): Promise<OwnCode> => readOwnKind({ kind: 'own/dim', folder });

describe('the code of a kind of a user’s own', () => {
  it('has the same digest in every folder, and is changed by arithmetic alone', async () => {
    const { code } = await read();
    expect((await readOwnKind({ kind: 'own/dim', folder: join(repository, 'pipelines/kinds/dim') })).code).toEqual(
      code,
    );
    edit((text) => `// a note\n${text}`);
    expect((await read()).code.digest).toBe(code.digest);
    edit((text) => text.replace('value * factor', 'value / factor'));
    expect((await read()).code.digest).not.toBe(code.digest);
  });

  it('is what it imports as well: its own files, and what of cemiflow it uses', async () => {
    edit((text) => `import { half } from './half.ts';\n${text.replace('value * factor', 'value * half')}`);
    write('half.ts', 'export const half = 0.5;\n');
    const { code, source } = await read();
    expect(code.files).toEqual(
      expect.arrayContaining(['api/stage.ts', 'artifacts/dataset.ts', 'kinds/dim/half.ts', 'kinds/dim/stage.ts']),
    );
    expect(source.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['kinds/dim/schema.json', ...code.files]),
    );
    expect(source.files.map(({ path }) => path)).not.toContain('kinds/dim/stage.test.ts');
    write('half.ts', 'export const half = 0.25;\n');
    expect((await read()).code.digest).not.toBe(code.digest);
  });

  it('takes no TensorFlow along unless it asks for it', async () => {
    expect((await read()).code.packages.join()).not.toContain('tensorflow');
    edit(
      (text) =>
        `import { tf } from 'cemiflow/tensors';\n${text.replace('value * factor', 'value * tf.backend().epsilon()')}`,
    );
    expect((await read()).code.packages.join()).toContain('@tensorflow/tfjs-node-gpu@');
  });

  it('refuses what it cannot run elsewhere, in words', async () => {
    edit((text) => `import x from 'no-such-package';\n${text.replace('value * factor', 'value * x')}`);
    await expect(read()).rejects.toMatchObject({ code: 'PackageMissing' });
    edit((text) => text.replace("'no-such-package'", "'./no-such-file.ts'"));
    await expect(read()).rejects.toMatchObject({ code: 'CodeUnreadable', message: /no-such-file.ts/ });
    // It is there while the code is digested, and nowhere near a worker's copy.
    edit((text) => text.replace("'./no-such-file.ts'", "'../../core/digest.ts'"));
    await expect(read()).rejects.toMatchObject({ code: 'CodeUnreadable', message: /core\/digest.ts/ });
  });
});

describe('a worker', () => {
  const plain = `export const stage = { run: async ({ factor }) => ({ told: factor * 2 }) };\n`;
  const store = memoryStore();
  const kept = async () => {
    const { code, source } = await read();
    return { code: code.digest, source: (await putSource(store, source)).digest };
  };
  const runOf = (stage: unknown) => (stage as StageKind<{ factor: number }>).run({ factor: 2 }, {} as StageContext);

  it('runs what the store holds, whatever became of the folder', async () => {
    write('stage.ts', plain);
    const first = await kept();
    write('stage.ts', plain.replace('* 2', '* 3'));
    const second = await kept();
    rmSync(folder, { recursive: true });
    const load = ownKindLoader(store);
    const told = async ({ code, source }: typeof first) => runOf((await load('own/dim', code, source)).stage);
    expect(await told(first)).toEqual({ told: 4 });
    expect(await told(second)).toEqual({ told: 6 });
    expect(await told(first)).toEqual({ told: 4 });
    expect((await load('own/dim', first.code, first.source)).schema.outputs).toEqual({
      data: 'dataset',
      brightness: 'metrics',
    });
  });

  it('finds the files that lie beside each of its files', async () => {
    write('lib/table.json', '{"told": 5}');
    write('table.json', '{"told": 6}');
    write(
      'lib/table.ts',
      "import { readFileSync } from 'node:fs';\nexport const table = JSON.parse(readFileSync(new URL('./table.json', import.meta.url), 'utf8'));\n",
    );
    write('stage.ts', "import { table } from './lib/table.ts';\nexport const stage = { run: async () => table };\n");
    const { code, source } = await kept();
    const { stage } = await ownKindLoader(store)('own/dim', code, source);
    expect(await runOf(stage)).toEqual({ told: 5 });
  });

  it('says which kind it was that failed while it was loaded', async () => {
    write('stage.ts', "throw new Error('not today');\nexport const stage = {};\n");
    const { code, source } = await kept();
    await expect(ownKindLoader(store)('own/dim', code, source)).rejects.toMatchObject({
      code: 'KindInvalid',
      message: /own\/dim cannot be loaded: not today/,
    });
  });

  it('refuses code that is not what was planned, that is gone, or that is no stage', async () => {
    write('stage.ts', plain);
    const first = await kept();
    write('stage.ts', plain.replace('* 2', '* 3'));
    const second = await kept();
    write('stage.ts', plain.replace('run:', 'walk:'));
    const third = await kept();
    const load = ownKindLoader(store);
    await expect(load('own/dim', first.code, second.source)).rejects.toMatchObject({ code: 'CodeChanged' });
    await expect(load('own/dim', first.code, first.code)).rejects.toMatchObject({ code: 'KindMissing' });
    await expect(load('own/dim', third.code, third.source)).rejects.toMatchObject({
      code: 'KindInvalid',
      message: /run/,
    });
  });
});
