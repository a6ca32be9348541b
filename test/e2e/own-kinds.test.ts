import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunView } from '../../client/view/snapshot.ts';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/** A stage kind of a user's own in an experiment: asked about, run, cached, shown, audited. */
let services: TestServices;
const folder = emptyFolder();
const spec = join(folder, 'own-kind.yaml');
const code = join(folder, 'kinds/dim/stage.ts');
const out = join(folder, 'report');
const run = (...args: string[]): Promise<CliResult> => cli(args, { home: services.home });
const edit = (change: (text: string) => string): void => writeFileSync(code, change(readFileSync(code, 'utf8')));
const statesOf = async (): Promise<{ [id: string]: string }> => {
  const view = JSON.parse((await run('status', 'own-kind', '--json')).out) as RunView;
  return Object.fromEntries(view.stages.map(({ id, state }) => [id, state]));
};

beforeAll(async () => {
  services = await startServices();
  cpSync(join(root, 'pipelines/own-kind.yaml'), spec);
  cpSync(join(root, 'pipelines/kinds/dim'), join(folder, 'kinds/dim'), { recursive: true });
}, 600_000);
afterAll(() => services?.stop());

test('it runs where somebody has said yes, and its numbers stand in the report', async () => {
  const refused = await run('run', spec);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('CommandsRefused')]);
  expect(refused.err).toContain('darker[factor=1] and 2 other nodes: own/dim (code ');
  const ran = await run('run', spec, '--yes', '--out', out);
  expect(ran.code).toBe(0);
  const { measures } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
    measures: { rows: { label: string; values: { value: number }[] }[] }[];
  };
  const rows = measures[0]?.rows.map(({ label, values }) => [label, ...values.map(({ value }) => value)]) ?? [];
  const before = rows[0]?.[1] as number;
  expect(before).toBeGreaterThan(0.2);
  // Rounding moves a pixel by half a step at most.
  expect(rows).toEqual([
    ['factor 1', before, before],
    ['factor 0.5', before, expect.closeTo(before / 2, 2)],
    ['factor 0.25', before, expect.closeTo(before / 4, 2)],
  ]);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page).toContain('own/dim, a stage kind that is no part of cemiflow');
  // Every number of the experiment rests on it, and the page says so at each.
  expect(page.match(/<td id="[^"]*" data-foreign /g)?.length).toBe(page.match(/<td id="[^"]*"/g)?.length);
  expect(page).toContain('‡ A number so marked');
}, 600_000);

test('its code digest and its bytes hold, and it is replayed without its folder', async () => {
  renameSync(join(folder, 'kinds'), join(folder, 'away'));
  const audited = await run('audit', 'own-kind', '--replay', 'darker[factor=0.5]', '--json');
  renameSync(join(folder, 'away'), join(folder, 'kinds'));
  const { checks, problems } = JSON.parse(audited.out) as AuditResult;
  expect([audited.code, problems]).toEqual([0, []]);
  expect(checks).toContainEqual({ what: 'pieces replayed', held: 1, of: 1 });
  expect(checks).toContainEqual({ what: 'numbers of programs compared with what they left', held: 6, of: 6 });
}, 600_000);

test('a comment changes nothing; arithmetic makes anew what depends on it, by the same workers', async () => {
  edit((text) => `// A note.\n${text}`);
  expect((await run('plan', spec)).out).toContain('12 hits, 0 misses');
  edit((text) => text.replace('Math.round(value * factor)', 'Math.floor(value * factor)'));
  expect((await run('run', spec)).err).toContain('CommandsRefused');
  expect((await run('run', spec, '--yes', '--out', out)).code).toBe(0);
  const states = await statesOf();
  expect([states.faces, states['darker[factor=0.5]'], states['student[factor=0.5]']]).toEqual(['hit', 'done', 'done']);
  // Nothing is rounded there: it makes the same as before.
  expect([states['darker[factor=1]'], states['student[factor=1]']]).toEqual(['done', 'hit']);
}, 600_000);

test('a saved plan knows its code: it runs as it was saved, or is refused', async () => {
  const plan = join(folder, 'plan.json');
  expect((await run('plan', spec, '--save', plan)).code).toBe(0);
  expect((await run('run', plan, '--yes', '--out', out)).code).toBe(0);
  edit((text) => text.replace('Math.floor', 'Math.ceil'));
  const refused = await run('run', plan, '--yes');
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('PlanStale')]);
  expect(refused.err).toContain('kinds/dim/stage.ts');
}, 600_000);

test('what it throws is the failure of its stage, with its place', async () => {
  edit((text) =>
    text.replace('let before = 0;', "let before = 0; if (factor === 0.5) throw new Error('as dark as that');"),
  );
  const failed = await run('run', spec, '--yes', '--set', 'params.factor=[0.5]');
  expect(failed.code).not.toBe(0);
  expect(failed.out + failed.err).toContain('as dark as that');
}, 600_000);
