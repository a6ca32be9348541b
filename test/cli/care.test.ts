import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Digest } from '../../core/digest.ts';
import { contentKey } from '../../store/blobs.ts';
import { openStore, type RunDocument, type Store } from '../../store/index.ts';
import { startServices, type TestServices } from '../helpers/services.ts';
import { makeRun } from '../provenance/made-run.ts';
import { type CliResult, call, emptyFolder } from './helpers.ts';

/** Care of a store by the command line: two runs whose plans differ, of one experiment. */
let services: TestServices;
let store: Store;
let runs: readonly [RunDocument, RunDocument];
let root: string;

beforeAll(async () => {
  services = await startServices();
  store = await openStore(services.endpoints.s3);
});
afterAll(() => services?.stop());

beforeEach(async () => {
  const document = { ...(await makeRun(store)).document, state: 'done' } as const;
  const other = { ...document, id: `${document.id}-again` };
  await store.putRun(document);
  await store.putRun(other);
  runs = [document, other];
  root = document.root as string;
  for (const { ref } of await store.pins.list()) await store.pins.remove(ref.digest);
});

const run = (...args: string[]): Promise<CliResult> => call(args, services.home);
const ids = async (): Promise<string[]> => [...(await store.runIds())].sort();

it('rm removes all of the runs that it is given, or none', async () => {
  const [{ id }, { id: other }] = runs;
  const wrong = await run('rm', id, 'nope');
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('there is no run nope')]);
  expect(await ids()).toEqual([id, other]);
  // One name twice is one run, although it means another one as soon as that is gone.
  const [latest] = await store.listRuns();
  expect(JSON.parse((await run('rm', 'made', 'made', '--json')).out)).toEqual({ removed: [latest?.id] });
  expect(await ids()).toHaveLength(1);
  expect((await run('rm', '')).err).toContain('error[UnknownRun]');
});

it('a pin keeps its reason, and keeps a run for trace and audit after the run was removed', async () => {
  const [{ id }, { id: other }] = runs;
  await run('pin', id, '--because', 'in the paper');
  await run('pin', id);
  expect(await store.pins.list()).toMatchObject([{ because: 'in the paper', ref: { type: 'run', digest: root } }]);
  await run('rm', id, other);
  await run('gc', '--remove', '--grace', '0');
  const audited = await run('audit', root, '--json');
  const { checks, problems } = JSON.parse(audited.out) as {
    checks: { what: string; held: number }[];
    problems: unknown[];
  };
  expect(checks.find(({ what }) => what === 'records rehashed')?.held).toBeGreaterThan(0);
  // The run was made up: its code can be bundled by nobody.
  expect(problems).not.toContainEqual(expect.objectContaining({ fault: 'missing' }));
  expect((await run('trace', root)).out).toContain('the run itself was removed');
});

it('a pin whose name two have is not removed by that name', async () => {
  const [{ id }] = runs;
  const { plan } = runs[0];
  const names = plan.nodes.slice(0, 2).map((node) => `${id}:${node.id}`);
  for (const name of names) await run('pin', name);
  for (const pin of await store.pins.list()) await store.pins.put({ ...pin, name: 'best' });
  const refused = await run('pin', 'best', '--remove');
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('best names 2 pins')]);
  expect(await store.pins.list()).toHaveLength(2);
});

it('an export of images is whole or not there, and is refused for what holds none', async () => {
  const [{ id }] = runs;
  const target = join(emptyFolder(), 'faces');
  expect((await run('export', `${id}:photos`, target)).out).toContain('6 images of 3 identities');
  expect(readdirSync(target)).toEqual(['000000', '000001', '000002']);
  const none = join(emptyFolder(), 'weights');
  expect((await run('export', `${id}:teacher`, none)).err).toContain('error[NoImages]');
  expect(existsSync(none)).toBe(false);
  expect((await run('export', id, none)).err).toContain('an export of what a node made takes RUN:NODE and a folder');
});

it('what an ONNX file computes is asked for by name, and of ONNX alone', async () => {
  const [{ id }] = runs;
  const refused = async (...options: string[]) => {
    const { code, err } = await run('export', `${id}:teacher`, join(emptyFolder(), 'out'), ...options);
    return [code, err];
  };
  expect(await refused('--output', 'features')).toEqual([
    2,
    expect.stringContaining('--output belongs to --format onnx'),
  ]);
  expect(await refused('--format', 'folder', '--output', 'features')).toEqual([
    2,
    expect.stringContaining('belongs to'),
  ]);
  expect(await refused('--format', 'onnx', '--output', 'logits')).toEqual([
    2,
    expect.stringContaining('--output must be one of embedding, features, got logits'),
  ]);
});

it('what a bundle leaves out is asked for by type, what it keeps of that by stage', async () => {
  const [{ id }] = runs;
  const bundle = async (...options: string[]) => {
    const { code, err } = await run('export', id, '--bundle', join(emptyFolder(), 'out'), ...options);
    return [code, err];
  };
  const refused = (message: string) => [2, expect.stringContaining(message)];
  expect(await bundle('--keep', 'photos')).toEqual(refused('--keep belongs to --without'));
  expect(await bundle('--without', 'metrics')).toEqual(refused('--without cannot leave out metrics'));
  const { code, err } = await run('export', id, '--ro-crate', '--without', 'weights');
  expect([code, err]).toEqual(refused('--without belongs to --bundle'));
  expect(await bundle('--without', 'dataset', '--keep', 'nobody')).toEqual(refused('has no stage nobody'));
});

it('get leaves nothing where a file cannot be had, and says what is wrong with its folder', async () => {
  const [{ id }] = runs;
  const folder = emptyFolder();
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect((await run('get', `${id}:photos`, '--out', file)).err).toContain('error[FolderInvalid]');
  const listed = JSON.parse((await run('ls', `${id}:photos`, '--json')).out);
  const { files } = await store.getArtifact({ type: 'dataset', digest: listed.digest });
  const last = files.at(-1)?.digest as Digest;
  await store.objects.put(contentKey('blobs', last), Buffer.from('damaged'), { overwrite: true });
  const target = join(folder, 'photos');
  const lost = await run('get', `${id}:photos`, '--out', target);
  expect([lost.code, lost.err]).toEqual([1, expect.stringContaining('fsck --repair')]);
  expect(existsSync(target) ? readdirSync(target) : []).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.includes('.part-'))).toEqual([]);
});

it('exit codes of audits are bits, also where the call was wrong', async () => {
  expect((await run('audit', 'made', '--foo')).code).toBe(16);
  expect((await run('fsck', '--foo')).code).toBe(16);
  const named = await run('audit', 'made', '--replay', 'nobody');
  expect([named.code, named.err]).toEqual([16, expect.stringContaining('made no node or shard nobody')]);
  expect(named.err).not.toContain('rehashing');
});
