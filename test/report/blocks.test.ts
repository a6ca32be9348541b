import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBlocks } from '../../report/blocks.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import type { Printed } from '../../report/printed.ts';
import { codeDigests } from '../../spec/code-digest.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { madeUpExperiment } from './fixture.ts';

const here = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

describe('blocks', () => {
  it('are found by their folders, in the order of the page', async () => {
    const blocks = await loadBlocks();
    expect(blocks.map(({ name }) => name)).toEqual([
      ...[
        'grid',
        'tables',
        'measures',
        'methods',
        'subjects',
        'accuracy',
        'curve',
        'roc',
        'identification',
        'templates',
        'comparison',
        'similarity',
        'tsne',
        'privacy',
        'sets',
        'inspect',
        'samples',
        'training',
        'paper',
      ],
    ]);
  });

  it('are named nowhere else in the report', async () => {
    const names = (await loadBlocks()).map(({ name }) => name);
    const frame = readdirSync(join(here, 'report'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith('blocks/'))
      .map((path) => [path, readFileSync(join(here, 'report', path), 'utf8')] as const);
    expect(frame.length).toBeGreaterThan(10);
    for (const [path, text] of frame)
      for (const name of names) expect(text.includes(`blocks/${name}`) || text.includes(`'${name}'`), path).toBe(false);
  });

  it('that a report asks for and this checkout lacks are named', async () => {
    const store = memoryStore();
    const params = { ...(await madeUpExperiment(store)), hardest: [{ label: 'a' }] };
    await expect(readReport(params, store)).rejects.toMatchObject({
      code: 'UnknownBlock',
      message: 'this checkout cannot draw the block "hardest" of the report',
    });
    expect((await readReport({ ...params, hardest: [] }, store)).blocks).toHaveLength(19);
  });

  it('that show pictures alone are left out where numbers are checked, and no number is lost', async () => {
    const store = memoryStore();
    const params = await madeUpExperiment(store);
    const [whole, numbers] = [
      await readReport(params, store),
      await readReport(params, store, { withoutPictures: true }),
    ];
    const names = ({ blocks }: typeof whole) => blocks.map(({ name }) => name);
    expect(names(whole).filter((name) => !names(numbers).includes(name))).toEqual(['grid', 'subjects', 'samples']);
  });

  it('may not give two tables one id: numbers are named by it', async () => {
    const store = memoryStore();
    const params = await madeUpExperiment(store);
    const own = (await loadBlocks()).filter(({ name }) => name === 'accuracy');
    const blocks = [...own, ...own.map((each) => ({ ...each, name: 'again' }))];
    const { accuracy, title, description, note, skipped } = params;
    const twice = { title, description, note, skipped, accuracy, again: accuracy };
    const model = await readReport(twice, store, { blocks });
    expect(() => reportFiles(model)).toThrow(/two tables of the report have the id "accuracy"/);
  });
});

describe('a block that is one folder more', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'cemiflow-block-'));
  afterAll(() => rmSync(checkout, { recursive: true }));
  const run = <T>(code: string): T => {
    writeFileSync(join(checkout, 'made.mts'), code);
    const args = ['--import', 'tsx', 'made.mts'];
    return JSON.parse(execFileSync('node', args, { cwd: checkout, encoding: 'utf8', maxBuffer: 2 ** 24 })) as T;
  };
  let digest: string | undefined;

  beforeAll(async () => {
    const own = (path: string): boolean =>
      !/^\/(node_modules|\.git|\.cemiflow|docs|bench)(\/|$)/.test(path.slice(here.length));
    cpSync(here, checkout, { recursive: true, filter: own });
    symlinkSync(join(here, 'node_modules'), join(checkout, 'node_modules'));
    digest = (await codeDigests(['report/build'], checkout)).get('report/build')?.digest;
    cpSync(join(here, 'test/fixtures/blocks/hardest'), join(checkout, 'report/blocks/hardest'), { recursive: true });
  }, 60_000);

  it('is in the schema, the page, the Markdown and the numbers', () => {
    const { page, markdown, json } = run<{ page: string; markdown: string; json: string }>(`
      import { reportFiles, readReport } from './report/build.ts';
      import { checkParams, loadStageSchemas } from './schemas/stage-schemas.ts';
      import { memoryStore } from './test/helpers/memory-store.ts';
      import { madeUpExperiment } from './test/report/fixture.ts';
      const store = memoryStore();
      const params = await madeUpExperiment(store);
      const hardest = [{ label: 'CemiFace, m = {m}', metrics: params.accuracy[2].metrics }];
      const checked = checkParams(loadStageSchemas().get('report/build'), { ...params, hardest });
      const [page, markdown, json] = reportFiles(await readReport(checked, store)).files.map(({ text }) => text);
      console.log(JSON.stringify({ page, markdown, json }));
    `);
    const { printed, hardest } = JSON.parse(json) as { printed: Printed[]; hardest: { set: string; label: string }[] };
    const number = printed.find(({ id }) => id === 'hardest.cemiface-m-1.cplfw.accuracy') as Printed;
    expect(number).toMatchObject({
      at: ['metrics.json#/sets/cplfw/accuracy'],
      inputs: ['hardest.0.metrics.3.artifact'],
    });
    expect(page).toContain(`id="${number.id}"`);
    expect(page).toContain('#hardest td{font-style:italic}');
    expect(page.indexOf('id="similarity-h"')).toBeGreaterThan(page.indexOf('id="hardest-section-h"'));
    expect(markdown).toContain(`| CemiFace, m = 1 | CPLFW | ${number.text} |`);
    expect(hardest[3]).toMatchObject({ set: 'cplfw', label: 'CemiFace, m = 1' });
  }, 60_000);

  it('changes the code digest of the report, and is kept with its source', async () => {
    const code = async () => (await codeDigests(['report/build'], checkout)).get('report/build');
    const added = await code();
    expect(added?.digest).not.toBe(digest);
    expect(added?.files).toEqual(
      expect.arrayContaining(['report/blocks/hardest/block.ts', 'report/blocks/hardest/read.ts']),
    );
    const file = join(checkout, 'report/blocks/hardest/block.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace('does worst', 'fails most'));
    expect((await code())?.digest).not.toBe(added?.digest);
  });
});
