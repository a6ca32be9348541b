import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActionKey, ActionRecord } from '../../core/action.ts';
import type { AuditResult } from '../../provenance/audit/index.ts';
import type { SavedPlan } from '../../spec/saved-plan.ts';
import { openStore, type RunDocument, type Store } from '../../store/index.ts';
import { ownEnv, startServices, type TestServices } from '../helpers/services.ts';
import { call, emptyFolder, root } from './helpers.ts';

let services: TestServices;
let store: Store;

beforeAll(async () => {
  services = await startServices();
  store = await openStore(services.endpoints.s3);
});
afterAll(() => services?.stop());

/** A folder with photos of its own, a spec that reads them, and one that extends it. */
const project = (experiment: string): { folder: string; spec: string; plan: string } => {
  const folder = emptyFolder();
  cpSync(join(root, 'pipelines/photos'), join(folder, 'photos'), { recursive: true });
  const stage = (size: number): string => `{uses: data/folder, with: {path: ./photos, size: ${size}}}`;
  writeFileSync(
    join(folder, 'base.yaml'),
    `experiment: ${experiment}\nseed: 1\nparams: {size: 16}\nstages:\n  small: ${stage(16)}\n  large: ${stage(16).replace('16', '"${{ params.size }}"')}\n`,
  );
  const spec = join(folder, 'spec.yaml');
  writeFileSync(spec, `extends: ./base.yaml\nexperiment: ${experiment}\n`);
  return { folder, spec, plan: join(folder, 'plan.json') };
};

const save = async ({ spec, plan }: ReturnType<typeof project>, ...more: string[]) => {
  const { code, out, err } = await call(['plan', spec, '--save', plan, '--json', ...more], services.home);
  expect([code, err]).toEqual([0, '']);
  const saved = JSON.parse(readFileSync(plan, 'utf8')) as SavedPlan;
  return { run: (JSON.parse(out) as { run: string }).run, saved };
};

const run = (file: string, ...more: string[]) => call(['run', file, '--out', emptyFolder(), ...more], services.home);

test('what was saved is what runs, whatever became of the spec, and it is the run that the spec would have been', async () => {
  const made = project('approved');
  const before = readFileSync(made.spec, 'utf8');
  const { run: id, saved } = await save(made, '--set', 'params.size=24');
  expect(Object.values(saved.status).map(({ state }) => state)).toEqual(['miss', 'miss']);
  writeFileSync(made.spec, before.replace('approved', 'other'));
  const first = await run(made.plan);
  expect([first.code, first.out]).toEqual([0, expect.stringContaining(id)]);

  writeFileSync(made.spec, before);
  const second = await run(made.spec, '--set', 'params.size=24');
  expect(second.out).toContain(`${id}: all 2 stages are in the store, nothing to do`);
  expect((await run(made.plan)).out).toContain(`${id}: all 2 stages are in the store, nothing to do`);
  expect((await call(['plan', made.plan], services.home)).out).toContain(`${id}: 2 hits, 0 misses`);

  const document = await store.getRun(id);
  expect(document?.spec).toEqual({
    path: 'spec.yaml',
    overrides: { set: ['params.size=24'] },
    files: [
      { path: 'spec.yaml', text: before },
      { path: 'base.yaml', text: readFileSync(join(made.folder, 'base.yaml'), 'utf8') },
    ],
    savedPlan: 'plan.json',
  });
  const folders = { [String(saved.plan.nodes[0]?.params.content)]: join(made.folder, 'photos') };
  expect(document?.places).toEqual({ spec: made.spec, savedPlan: made.plan, folders });
  const { places: _, ...kept } = document as RunDocument;
  expect(JSON.stringify(kept)).not.toContain(made.folder);
  const audited = await call(['audit', id, '--json'], services.home);
  expect(JSON.parse(audited.out)).toMatchObject({ problems: [], exitCode: 0 });
}, 120_000);

test('the same photos under another path are hits, and of the same run; a replay finds them where they lie', async () => {
  const [first, second] = [project('moved'), project('moved')];
  // Photos that no other run of these tests has read.
  for (const { folder } of [first, second]) {
    const [own, other] = readdirSync(join(folder, 'photos')).map((name) => join(folder, 'photos', name));
    cpSync(join(own as string, '1.png'), join(other as string, '9.png'));
  }
  const made = await call(['run', first.spec, '--out', emptyFolder()], services.home);
  expect(made.code).toBe(0);
  rmSync(first.folder, { recursive: true });
  const again = await run(second.spec);
  expect(again.out).toMatch(/^(moved-[0-9a-f]{12}): all 2 stages are in the store, nothing to do/);
  const id = /moved-[0-9a-f]{12}/.exec(again.out)?.[0] as string;
  expect(await store.getRun(id)).toMatchObject({ id, state: 'done' });
  const audited = await call(['audit', id, '--replay', 'small', '--json'], services.home);
  const { checks, problems } = JSON.parse(audited.out) as AuditResult;
  expect([audited.code, problems]).toEqual([0, []]);
  expect(checks).toContainEqual({ what: 'pieces replayed', held: 1, of: 1 });
  rmSync(second.folder, { recursive: true });
  const lost = await call(['audit', id, '--replay', 'small', '--json'], services.home);
  expect(lost.code).toBe(8);
  expect(lost.out).toContain('no folder with the files that were read as ./photos is known here');
}, 120_000);

test('saved again, a plan is the same bytes, but for what has been made since', async () => {
  const made = project('again');
  const { saved } = await save(made);
  const bytes = readFileSync(made.plan);
  await save(made);
  expect(readFileSync(made.plan)).toEqual(bytes);
  expect((await run(made.plan)).code).toBe(0);
  const { saved: later } = await save({ ...made, spec: made.plan });
  const record = (await store.getRecord((later.status.small as { key: ActionKey }).key)) as ActionRecord;
  expect(later.status.small).toEqual({ state: 'hit', key: record.key, outputs: record.outputs });
  expect({ ...later, status: 0, digest: 0 }).toEqual({ ...saved, status: 0, digest: 0 });
}, 120_000);

test('other photos than when it was saved are refused, by the name of their folder; the same ones again are not', async () => {
  const made = project('photos');
  const { run: id } = await save(made);
  const photos = join(made.folder, 'photos');
  const photo = join(photos, readdirSync(photos)[0] as string, '1.png');
  const bytes = readFileSync(photo);
  cpSync(join(photos, readdirSync(photos)[1] as string, '2.png'), photo);
  const { code, err } = await run(made.plan, '--json');
  const { error } = JSON.parse(err) as { error: { code: string; remedy: string; data: object } };
  expect([code, error.code]).toEqual([2, 'PlanStale']);
  expect(error.data).toMatchObject({ differences: [{ what: 'content', name: photos }] });
  expect(error.remedy).toContain(`cemiflow plan ${made.spec} --save ${made.plan}`);
  expect(await store.getRun(id)).toBeUndefined();
  writeFileSync(photo, bytes);
  expect((await call(['plan', made.plan], services.home)).code).toBe(0);
});

test('other code than when it was saved is refused, and the file named in which it differs', async () => {
  const made = project('coded');
  const copy = emptyFolder();
  for (const name of readdirSync(root))
    if (!/^(\.|node_modules$|test$|docs$|bench$|reports$)/.test(name))
      cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const changed = join(copy, 'formats/image-set.ts');
  writeFileSync(changed, readFileSync(changed, 'utf8').replace('64 * 2 ** 20', '63 * 2 ** 20'));
  const argv = ['--import', 'tsx', join(copy, 'cli/main.ts'), 'plan', made.spec, '--save', made.plan];
  const env = { ...ownEnv(), CEMIFLOW_HOME: services.home };
  expect(spawnSync(process.execPath, argv, { cwd: root, env, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });

  const { code, err } = await run(made.plan);
  expect(code).toBe(2);
  expect(err).toMatch(/^error\[PlanStale\]/);
  expect(err).toContain('\n  code of data/folder: formats/image-set.ts changed\n');
  expect(err).not.toContain('package ');
}, 60_000);

test('a file that somebody edited is refused; one that was only formatted is not', async () => {
  const made = project('edited');
  const { saved } = await save(made);
  writeFileSync(made.plan, JSON.stringify(saved, null, 2));
  expect((await call(['validate', made.plan], services.home)).out).toBe(
    'edited is a saved plan without damage: 2 nodes\n',
  );
  writeFileSync(made.plan, JSON.stringify(saved).replace('"size":16', '"size":17'));
  for (const command of ['validate', 'plan', 'run']) {
    const { code, err } = await call([command, made.plan], services.home);
    expect([code, err]).toEqual([2, expect.stringMatching(/^error\[PlanEdited\]/)]);
  }
  writeFileSync(made.plan, JSON.stringify(saved).slice(0, -100));
  expect((await run(made.plan)).err).toMatch(/^error\[PlanUnreadable\]/);
  writeFileSync(made.plan, JSON.stringify({ ...saved, cemiflowPlan: 3 }));
  expect((await run(made.plan)).err).toMatch(/^error\[PlanVersion\]/);
});

test('a saved plan takes no overrides, and what is no saved plan is not written over', async () => {
  const made = project('fixed');
  await save(made);
  for (const command of ['validate', 'plan', 'run']) {
    const { code, err } = await call([command, made.plan, '--set', 'params.size=20'], services.home);
    expect(code).toBe(2);
    expect(err).toMatch(/^error\[Usage\].*--set params.size=20 cannot change/);
    expect(err).toContain(`remedy: cemiflow plan ${made.spec} --set params.size=20 --save`);
  }
  const { code, err } = await call(['plan', made.spec, '--save', made.spec], services.home);
  expect([code, err]).toEqual([2, expect.stringContaining('exists and is not a saved plan')]);
  expect(readFileSync(made.spec, 'utf8')).toMatch(/^extends/);
});

test('a hit that is gone is made again, and said; one that has other outputs now is refused', async () => {
  const made = project('hits');
  await save(made);
  expect((await run(made.plan)).code).toBe(0);
  const { saved } = await save(made);
  const { key } = saved.status.large as { key: ActionKey };
  const record = (await store.getRecord(key)) as ActionRecord;
  const output = record.outputs.data as NonNullable<ActionRecord['outputs'][string]>;
  await store.objects.remove(`artifacts/sha256/${output.digest.slice(7, 9)}/${output.digest.slice(9)}`);
  // Both nodes take the same photos in the same size: one action.
  const { code, out, err } = await call(['plan', made.plan], services.home);
  expect([code, out]).toEqual([0, expect.stringContaining('0 hits, 2 misses')]);
  expect(err).toBe('no longer in the store since the plan was saved, and made again: large, small\n');

  const other = await store.putArtifact({ type: output.type, meta: { other: true }, files: [] });
  await store.putRecord({ ...record, outputs: { ...record.outputs, data: other } });
  const refused = await run(made.plan);
  expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/^error\[PlanStale\]/)]);
  expect(refused.err).toContain('large, small: the store has other outputs of it than it had');
}, 120_000);
