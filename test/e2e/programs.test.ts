import { appendFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunView } from '../../client/view/snapshot.ts';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/** A program of a user's own in an experiment: asked about, run, cached, shown, audited. */
let services: TestServices;
const folder = emptyFolder();
const spec = join(folder, 'cleaning.yaml');
const out = join(folder, 'report');
const run = (...args: string[]): Promise<CliResult> => cli(args, { home: services.home });

beforeAll(async () => {
  services = await startServices();
  cpSync(join(root, 'pipelines/cleaning.yaml'), spec);
  cpSync(join(root, 'pipelines/cleaning'), join(folder, 'cleaning'), { recursive: true });
}, 600_000);
afterAll(() => services?.stop());

const statesOf = async (): Promise<{ [id: string]: string }> => {
  const view = JSON.parse((await run('status', 'cleaning', '--json')).out) as RunView;
  return Object.fromEntries(view.stages.map(({ id, state }) => [id, state]));
};

test('it is listed by a plan, and run where somebody has said yes', async () => {
  const planned = await run('plan', spec);
  expect(planned.out).toContain('programs of the spec itself:\ncleaned[images=2]: node first-images.mjs');
  const refused = await run('run', spec);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('CommandsRefused')]);
  expect(refused.err).toContain('cleaned[images=4]: node first-images.mjs');
  const { code, out: told } = await run('run', spec, '--yes', '--out', out);
  expect(code).toBe(0);
  expect(told).toContain('cleaned[images=2] done');
  const { measures } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
    measures: { rows: { label: string; values: { value: number }[] }[] }[];
  };
  const rows = measures[0]?.rows.map(({ label, values }) => [label, ...values.map(({ value }) => value)]);
  expect(rows).toEqual([
    ['2 images', 24, 48, 96],
    ['4 images', 24, 96, 48],
  ]);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('ran a program that is no part of cemiflow');
}, 600_000);

test('a saved plan of it runs as long as its code is the same', async () => {
  const plan = join(folder, 'plan.json');
  expect((await run('plan', spec, '--save', plan)).code).toBe(0);
  const ran = await run('run', plan, '--yes', '--out', out);
  expect([ran.code, ran.err]).toEqual([0, expect.not.stringContaining('PlanStale')]);
}, 600_000);

test('its results audit, and it can be run again', async () => {
  const audited = await run('audit', 'cleaning', '--replay', 'cleaned[images=2]', '--json');
  const { checks, problems } = JSON.parse(audited.out) as AuditResult;
  expect([audited.code, problems]).toEqual([0, []]);
  expect(checks).toContainEqual({ what: 'pieces replayed', held: 1, of: 1 });
  expect(checks).toContainEqual({ what: 'numbers of programs compared with what they left', held: 6, of: 6 });
}, 600_000);

test('its code and what it printed belong to the run: kept by gc, traced, exported', async () => {
  expect((await run('gc', '--remove', '--grace', '0')).code).toBe(0);
  const bundle = join(folder, 'bundle');
  expect((await run('export', 'cleaning', '--bundle', bundle)).code).toBe(0);
  const audited = await run('audit', '--bundle', bundle, '--json');
  expect([audited.code, (JSON.parse(audited.out) as AuditResult).problems]).toEqual([0, []]);
  const traced = await run('trace', 'cleaning', 'cleaned[images=2]', '--long');
  const [, log = ''] = /cemiflow get (sha256:[0-9a-f]{64})/.exec(traced.out) ?? [];
  const file = join(folder, 'log.txt');
  expect((await run('get', log, '--out', file)).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toMatch(/^::cemiflow progress phase=clean step=1 steps=24\n/);
}, 600_000);

test('what was said yes to is not asked about again; a changed line is, and makes anew what depends on it', async () => {
  const again = await run('run', spec, '--set', 'params.images=[2]', '--out', out);
  expect(again.code).toBe(0);
  expect((await statesOf())['cleaned[images=2]']).toBe('hit');
  appendFileSync(join(folder, 'cleaning/first-images.mjs'), '\n// Nothing.\n');
  const planned = await run('plan', spec, '--json');
  const { actions } = JSON.parse(planned.out) as {
    actions: { id: string; status: { state: string; reason?: string } }[];
  };
  const statusOf = (id: string) => actions.find((each) => each.id === id)?.status;
  expect(statusOf('faces')).toMatchObject({ state: 'hit' });
  expect(statusOf('cleaned[images=2]')).toMatchObject({ state: 'miss', reason: 'files changed' });
  expect((await run('run', spec)).err).toContain('CommandsRefused');
  expect((await run('run', spec, '--yes', '--out', out)).code).toBe(0);
  // It makes the same as before: what follows is found.
  expect(await statesOf()).toMatchObject({ 'cleaned[images=2]': 'done', 'student[images=2]': 'hit', report: 'hit' });
}, 600_000);
