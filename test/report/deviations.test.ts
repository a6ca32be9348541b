import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/report-build/stage.ts';
import { writeReport } from '../../client/report.ts';
import type { Outputs } from '../../core/action.ts';
import type { Plan } from '../../core/plan.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { contextOf } from './fixture.ts';

const base = { title: 'Deviations', description: '', note: '', skipped: [] };
const store = memoryStore();

const build = async (deviations: string | null) => {
  const [page = '', markdown = '', json = ''] = reportFiles(await readReport({ ...base, deviations }, store)).files.map(
    ({ text }) => text,
  );
  return { page, markdown, json };
};

const refused = [
  'http://example.org/a',
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  '//example.org/a',
  '/etc/passwd',
  '../secret.md',
  'docs/../../secret.md',
  'docs/..',
  'docs\\deviations.md',
  'https://example.org/" onclick="x',
  'https://example.org/<script>',
  'docs/a b.md',
  '.git/config',
];

describe('the list of deviations', () => {
  it('is linked under the title where it has an address', async () => {
    const { page, markdown, json } = await build('https://example.org/deviations#data');
    expect(page).toContain('<a href="https://example.org/deviations#data">How this differs from the paper</a>');
    expect(page.indexOf('class="deviations"')).toBeLessThan(page.indexOf('<main>'));
    expect(markdown).toContain('[How this differs from the paper](<https://example.org/deviations#data>)');
    expect(JSON.parse(json).deviations).toBe('https://example.org/deviations#data');
  });

  it('is named by its path in the artifact, which does not know where its page will lie', async () => {
    const { page, markdown } = await build('docs/deviations.md');
    expect(page).toContain('How this differs from the paper: <code>docs/deviations.md</code> in the project');
    expect(page).not.toMatch(/href="(?!#)/);
    expect(markdown).toContain('How this differs from the paper: `docs/deviations.md` in the project');
  });

  it('is not mentioned without the parameter', async () => {
    const { page, markdown } = await build(null);
    for (const text of [page, markdown]) expect(text).not.toContain('How this differs');
  });

  it.each(refused)('is refused as %s, in the spec and in the report', async (where) => {
    await expect(build(where)).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      remedy: expect.stringContaining('docs/deviations.md'),
    });
    expect(loadStageSchemas().get('report/build')?.validate({ title: 'a', deviations: where })).toBe(false);
  });

  it.each(['docs/deviations.md', 'deviations.md', 'a/b-c/d_e.2.md', 'https://example.org'])(
    'may be %s',
    async (where) => {
      expect(loadStageSchemas().get('report/build')?.validate({ title: 'a', deviations: where })).toBe(true);
      expect((await build(where)).page).toContain('How this differs from the paper');
    },
  );
});

describe('a page that is written into a folder', () => {
  const project = mkdtempSync(join(tmpdir(), 'cemiflow-deviations-'));
  const elsewhere = mkdtempSync(join(tmpdir(), 'cemiflow-elsewhere-'));
  afterAll(() => {
    for (const folder of [project, elsewhere]) rmSync(folder, { recursive: true });
  });
  mkdirSync(join(project, 'docs'));
  writeFileSync(join(project, 'docs/deviations.md'), '# Deviations');

  const write = async (deviations: string, out?: string) => {
    const outputs: Outputs = await stage.run({ ...base, deviations } as never, contextOf(store));
    const node = { id: 'report', kind: 'report/build', outputs: { report: 'report' }, params: {} };
    const run = { id: 'r', plan: { experiment: 'small', nodes: [node] } as unknown as Plan };
    const request = { store, run, out, outputs: new Map([['report', outputs]]) };
    const page = (await writeReport(request, { cwd: project, on: () => {} })) as string;
    const read = (path: string) => readFileSync(path, 'utf8');
    return { path: page, page: read(page), markdown: read(page.replace(/html$/, 'md')) };
  };

  it('links the file from there', async () => {
    const { path, page, markdown } = await write('docs/deviations.md');
    expect(path).toBe(join(project, 'reports/small/report.html'));
    expect(page).toContain(
      'How this differs from the paper: <a href="../../docs/deviations.md">docs/deviations.md</a></p>',
    );
    expect(markdown).toContain('How this differs from the paper: [docs/deviations.md](<../../docs/deviations.md>)');
    expect((await write('docs/deviations.md', 'docs')).page).toContain(
      '<a href="deviations.md">docs/deviations.md</a>',
    );
  });

  it('names the path where the file is not there, or the folder is outside the project', async () => {
    for (const { page, markdown } of [await write('docs/other.md'), await write('docs/deviations.md', elsewhere)]) {
      expect(page).toContain('.md</code> in the project');
      expect(page).not.toMatch(/href="(?!#)/);
      expect(markdown).toContain('.md` in the project');
    }
  });
});
