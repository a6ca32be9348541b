import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunView } from '../../client/view/snapshot.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/** The main job in small, as a user meets it: real servers, real workers, every stage kind. */
const spec = join(root, 'pipelines/smoke.yaml');
const out = emptyFolder();
let services: TestServices;
let first: CliResult;

beforeAll(async () => {
  services = await startServices();
  first = await cli(['run', spec, '--out', out], { home: services.home, stopAt: 'teacher running' });
}, 600_000);

afterAll(() => services?.stop());

const lines = (text: string): { stage?: string; state: string }[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Digests of every stage's outputs in a run. */
const digests = async (home: string, run: string): Promise<{ [stage: string]: unknown }> => {
  const view = JSON.parse((await cli(['status', run, '--json'], { home })).out) as RunView;
  return Object.fromEntries(view.stages.map(({ id, outputs }) => [id, outputs]));
};

test('Ctrl-C detaches and says how to attach, watch and cancel; attach follows the run to its report', async () => {
  expect(first.code).toBe(130);
  expect(first.err).toMatch(/cemiflow attach smoke-[0-9a-f]{12}/);
  expect(first.err).toMatch(/cemiflow watch smoke-/);
  expect(first.err).toMatch(/cemiflow cancel smoke-/);
  const { code, out: told, err } = await cli(['attach', 'smoke', '--out', out], { home: services.home });
  expect(err).toBe('');
  expect(told).toContain('report done');
  expect(code).toBe(0);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Smoke test');
  expect(existsSync(join(out, 'report.md'))).toBe(true);
}, 600_000);

test('a second run finds only hits and gives the report without a worker', async () => {
  const again = await cli(['run', spec, '--json', '--out', emptyFolder()], { home: services.home });
  expect(new Set(lines(again.out).map(({ state }) => state))).toEqual(new Set(['hit', 'done']));
  expect(lines(again.out).filter(({ state }) => state === 'done')).toEqual([
    { run: expect.any(String), state: 'done', report: expect.stringMatching(/report\.html$/) },
  ]);
}, 120_000);

test('one more value of m runs the new set, its student and evaluations, and what all students go into', async () => {
  const args = ['run', spec, '--set', 'params.m=[0.5, -0.5, 0]', '--json', '--out', emptyFolder()];
  const { code, out: told } = await cli(args, { home: services.home });
  expect(code).toBe(0);
  const made = new Set(lines(told).flatMap(({ stage, state }) => (stage && state === 'done' ? [stage] : [])));
  expect([...made].filter((stage) => !stage.includes('m=0]'))).toEqual(['chosen', 'chosen_set', 'report']);
  expect(made).toContain('synthetic[m=0]');
  expect(made).toContain('students[m=0]');
}, 600_000);

test('the same experiment on an empty store gives the same digests for every stage', async () => {
  const other = await startServices();
  try {
    const { code, out: run } = await cli(['run', spec, '--detach'], { home: other.home });
    expect(code).toBe(0);
    expect((await cli(['attach', run.trim(), '--out', emptyFolder()], { home: other.home })).code).toBe(0);
    const there = await digests(other.home, run.trim());
    expect(there).toEqual(await digests(services.home, run.trim()));
    expect(Object.values(there).filter(Boolean).length).toBeGreaterThan(15);
  } finally {
    await other.stop();
  }
}, 600_000);

test("a folder of one's own photos takes the place of the drawn faces by one --set", async () => {
  const photos = join(emptyFolder(), 'photos');
  expect((await cli(['export', 'smoke:faces', photos], { home: services.home })).code).toBe(0);
  const faces = `stages.faces={uses: data/folder, with: {path: ${JSON.stringify(photos)}}}`;
  const { code, out: told } = await cli(['plan', spec, '--set', faces, '--json'], { home: services.home });
  expect(code).toBe(0);
  const { actions } = JSON.parse(told) as { actions: { id: string; status: { state: string } }[] };
  const anew = actions.flatMap(({ id, status }) => (status.state === 'hit' ? [] : [id]));
  for (const stage of ['faces', 'teacher', 'generator', 'synthetic[m=0.5]', 'report']) expect(anew).toContain(stage);
  expect(anew).not.toContain('benchmarks');
}, 120_000);
