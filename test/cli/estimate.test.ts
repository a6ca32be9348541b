import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lineageOf } from '../../client/lineage.ts';
import { findRun } from '../../client/runs.ts';
import { costsByKind } from '../../provenance/publish/costs.ts';
import { openStore } from '../../store/index.ts';
import { startServices, type TestServices } from '../helpers/services.ts';
import { until } from '../workflows/harness.ts';
import { call, emptyFolder, root } from './helpers.ts';

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services?.stop());

/** A spec that takes photos in and trains on them. @param expects of the photos */
const project = (expects: string): { readonly spec: string; readonly photos: string } => {
  const folder = emptyFolder();
  const photos = join(folder, 'photos');
  cpSync(join(root, 'pipelines/photos'), photos, { recursive: true });
  const spec = join(folder, 'spec.yaml');
  writeFileSync(
    spec,
    `experiment: estimated
seed: 1
stages:
  faces: {uses: data/folder, with: {path: ./photos, size: 32}${expects}}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}", batch: 4, epochs: 1}}
`,
  );
  return { spec, photos };
};

interface Planned {
  readonly run?: string;
  readonly actions: readonly {
    readonly id: string;
    readonly status: { readonly state: string; readonly reason?: string };
    readonly estimate?: {
      readonly multiplyAdds?: number;
      readonly gpuHours?: number;
      readonly seconds?: number;
      readonly by?: object;
      readonly missing: string[];
    };
  }[];
  readonly estimate?: {
    readonly tflops: number;
    readonly machines: readonly object[];
    readonly todo: { readonly actions: number; readonly gpuHours: number; readonly bytes: number };
    readonly notEstimated: readonly { readonly node: string; readonly missing: readonly string[] }[];
    readonly unexpected: readonly object[];
  };
}
const planned = async (spec: string, ...more: string[]): Promise<Planned> => {
  const { code, out } = await call(['plan', spec, '--json', ...more], services.home);
  expect(code).toBe(0);
  return JSON.parse(out) as Planned;
};

test('missing files are a mistake, but not where only the cost is asked for', async () => {
  const { spec, photos } = project(', expects: {images: 1000, identities: 10}');
  rmSync(photos, { recursive: true });
  const refused = await call(['plan', spec], services.home);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('there is no folder or file')]);

  const { run, actions, estimate } = await planned(spec, '--estimate', '--tflops', '2');
  expect(run).toBeUndefined();
  expect(actions.map(({ id, status }) => [id, status.state, status.reason])).toEqual([
    ['faces', 'absent', 'files missing: ./photos'],
    ['teacher', 'pending', 'waits for faces'],
  ]);
  expect(estimate).toMatchObject({ tflops: 2, notEstimated: [], unexpected: [], todo: { actions: 2 } });
  const work = actions[1]?.estimate?.multiplyAdds ?? 0;
  expect(work).toBeGreaterThan(1000 * 3 * 1e6);
  expect(estimate?.todo.gpuHours).toBeCloseTo((2 * work) / 2e12 / 3600, 12);

  const text = (await call(['plan', spec, '--estimate'], services.home)).out;
  expect(text).toContain('estimated: 0 hits, 0 misses, 1 whose files are missing, 1 waiting for them');
  expect(text).toContain('estimate of 2 actions: <0.01 h of GPUs at 20 TFLOP/s (--tflops)');
  const probed = await planned(spec, '--estimate', '--probe');
  expect(probed.actions[1]?.estimate?.by).toEqual({ from: 'probe', count: 1 });
  expect(probed.estimate?.machines).toMatchObject([{ machine: { device: 'cpu' }, by: { probe: 1 } }]);
  // Nothing of it was stored.
  expect((await planned(spec, '--estimate')).actions[1]?.estimate?.by).toMatchObject({ from: 'nominal' });
  const saved = await call(['plan', spec, '--estimate', '--save', join(emptyFolder(), 'plan.json')], services.home);
  expect([saved.code, saved.err]).toEqual([2, expect.stringContaining('cannot be saved while files are missing')]);
}, 120_000);

test('what is not known is listed, and what was made is compared with what was expected', async () => {
  const open = project('');
  expect((await planned(open.spec, '--estimate')).estimate?.notEstimated).toEqual([
    { node: 'faces', missing: ['images of faces'] },
    { node: 'teacher', missing: ['identities of faces', 'images of faces'] },
  ]);
  const people = readdirSync(open.photos).length;
  const { spec } = project(`, expects: {images: 1000, identities: ${people}}`);
  const only = await call(['run', spec, '--set', 'stages.teacher=null', '--out', emptyFolder()], services.home);
  expect(only.code).toBe(0);
  const { run, actions, estimate } = await planned(spec, '--estimate');
  expect(run).toMatch(/^estimated-/);
  expect(actions[0]?.status.state).toBe('hit');
  expect(estimate).toMatchObject({ notEstimated: [], todo: { actions: 1 } });
  const text = (await call(['plan', spec, '--estimate'], services.home)).out;
  expect(text).toMatch(/warning: faces was expected to have images: 1000, and has \d+/);
  expect(text).not.toContain('identities:');
}, 120_000);

test('an action is counted once, whatever nodes it has, and its time follows from what was recorded', async () => {
  const spec = join(emptyFolder(), 'spec.yaml');
  const train = (more = ''): string =>
    `{uses: recognizer/train, with: {data: "\${{ stages.faces }}", batch: 8, epochs: 1${more}}}`;
  writeFileSync(
    spec,
    `experiment: recorded
seed: 1
stages:
  faces: {uses: data/procedural, with: {identities: 4, images: 8, size: 32}}
  one: ${train()}
  two: ${train()}
  more: ${train(', lr: 0.2')}
`,
  );
  const before = (await planned(spec, '--estimate')).estimate;
  expect(before?.todo.actions).toBe(3);
  const shown = (await call(['plan', spec, '--estimate'], services.home)).out;
  expect(shown).toMatch(/two +recognizer\/train +waits for faces; same action as one/);
  expect(shown).toMatch(/one +recognizer\/train +<0.01 h +nominal/);

  const only = ['--set', 'stages.more=null', '--out', emptyFolder()];
  expect((await call(['run', spec, ...only], services.home)).code).toBe(0);
  const store = await openStore(services.endpoints.s3);
  const lineage = await lineageOf(store, await findRun(store, 'recorded'));
  expect(lineage.root).toBeDefined();
  expect(costsByKind(lineage)).toEqual([
    {
      ...{ kind: 'recognizer/train', actions: 1, by: ['nominal, a GPU at 20 TFLOP/s'] },
      ...{ spentSeconds: expect.any(Number), expectedSeconds: expect.any(Number) },
    },
  ]);
  const { actions, estimate } = await planned(spec, '--estimate');
  const more = actions.find(({ id }) => id === 'more')?.estimate;
  expect(more?.by).toEqual({ from: 'records', count: 1 });
  expect(more?.seconds).toBeGreaterThan(0.01);
  expect(estimate?.machines).toMatchObject([
    { machine: { device: 'cpu' }, hours: (more?.seconds ?? 0) / 3600, by: { records: 1 } },
  ]);
  const elsewhere = await planned(spec, '--estimate', '--device', 'gpu');
  expect(elsewhere.actions.find(({ id }) => id === 'more')?.estimate?.by).toEqual({ from: 'nominal', count: 0 });
  const text = (await call(['plan', spec, '--estimate'], services.home)).out;
  expect(text).toMatch(/ {2}on .+ with \d+ cores?: .+ h \(1 by records of the same kind\)/);
}, 180_000);

test('a run waits before a stage that would exceed its budget, and says what would let it continue', async () => {
  const { spec } = project(', expects: {images: 1000, identities: 10}');
  const large = ['faces.with.size=112', 'teacher.with.network={preset: ir_50}', 'teacher.with.epochs=10000'];
  const sets = large.flatMap((each) => ['--set', `stages.${each}`]);
  for (const wrong of ['20', '1.5h', 'h', '0m', '']) {
    const { code, err } = await call(['run', spec, `--budget=${wrong}`], services.home);
    expect([code, err]).toEqual([2, expect.stringContaining('--budget must be a time in days, hours and minutes')]);
  }
  const { code, out } = await call(['run', spec, ...sets, '--budget', '1m', '--detach'], services.home);
  const run = out.trim();
  expect([code, run]).toEqual([0, expect.stringMatching(/^estimated-/)]);
  const held = await until(async () => {
    const shown = (await call(['status', run], services.home)).out;
    return shown.includes(' of its budget of ') && shown;
  });
  expect(held).toMatch(
    /paused: .+ of its budget of 1m 00s are spent, and teacher needs about .+: "cemiflow continue estimated-\w+ --budget \d+h" continues/,
  );
  expect(held).toContain('teacher paused');
  const refused = await call(['continue', run], services.home);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('error[BudgetSpent]')]);
  // Accepted, and too small as well.
  const more = await call(['continue', run, '--budget', '2m'], services.home);
  expect([more.code, more.err]).toEqual([1, expect.stringContaining('error[BudgetSpent]')]);
  const { budget } = JSON.parse((await call(['status', run, '--json'], services.home)).out);
  expect(budget).toMatchObject({ seconds: 120, waits: { stage: 'teacher' } });
  expect((await call(['cancel', run], services.home)).code).toBe(0);
}, 180_000);

test('the speed of a GPU belongs to an estimate, and is a number', async () => {
  const { spec } = project('');
  const alone = await call(['plan', spec, '--tflops', '3'], services.home);
  expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('add --estimate')]);
  const probe = await call(['plan', spec, '--probe'], services.home);
  expect([probe.code, probe.err]).toEqual([2, expect.stringContaining('add --estimate')]);
  const word = await call(['plan', spec, '--estimate', '--tflops', 'fast'], services.home);
  expect([word.code, word.err]).toEqual([2, expect.stringContaining('--tflops must be a number above 0, got fast')]);
});
