import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SupervisorConfig, workerCommand } from '../../services/config.ts';
import { ask } from '../../services/control.ts';
import { type ChildStatus, ensureWorkers, status } from '../../services/index.ts';
import { pathsOf } from '../../services/paths.ts';
import { ownEnv, startServices, type TestServices } from '../helpers/services.ts';

let services: TestServices;
beforeAll(async () => {
  const workerFile = join(import.meta.dirname, 'fixtures', 'worker.ts');
  services = await startServices({ workerFile, env: { ...ownEnv(), CUDA_VISIBLE_DEVICES: '4,5' } });
});
afterAll(() => services.stop());

interface Line {
  readonly event: 'start' | 'stop';
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly seen: { readonly [name: string]: unknown };
}

/** What the fixture wrote down, in order. */
const lines = (): Line[] => {
  const path = join(services.home, 'workers.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
};

const workers = async (): Promise<ChildStatus[]> =>
  (await status(services)).supervisor?.children.filter((child) => child.build !== undefined) ?? [];

const until = async (what: string, check: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(50);
  }
};

test('workers of the asked build get their role, their servers and a GPU each', async () => {
  await ensureWorkers(services.home, 'build-one', { orchestrator: 1, cpu: 1, gpu: 2 });
  await until('four workers', () => lines().length === 4);
  const { temporal, s3 } = services.endpoints;
  const seen = { TEMPORAL_ADDRESS: temporal.address, S3_ENDPOINT: s3.endpoint, hasSecret: true };
  for (const line of lines()) expect(line.seen).toMatchObject(seen);
  const roles = lines().map((line) => line.argv.join(' '));
  expect(roles.sort()).toEqual(['cpu', 'gpu', 'gpu', 'orchestrator'].map((role) => `--role ${role} --build build-one`));
  const gpus = lines().filter((line) => line.argv.includes('gpu'));
  expect(gpus.map((line) => line.seen.CUDA_VISIBLE_DEVICES).sort()).toEqual(['4', '5']);
});

test('asking again, for the same or for less, takes no worker away', async () => {
  const before = await workers();
  await ensureWorkers(services.home, 'build-one', { orchestrator: 1, cpu: 1, gpu: 2 });
  await ensureWorkers(services.home, 'build-one', { orchestrator: 1, cpu: 1, gpu: 0 });
  expect(await workers()).toEqual(before);
});

test('a worker that dies is started again', async () => {
  const victim = (await workers()).find((worker) => worker.kind === 'cpu');
  process.kill(victim?.pid as number, 'SIGKILL');
  await until('a restart', async () =>
    (await workers()).some(
      (worker) => worker.name === victim?.name && worker.restarts === 1 && worker.state === 'running',
    ),
  );
});

test('a supervisor whose files cannot be written goes on, and starts what it could not', async () => {
  const { home } = services;
  const { status: statusFile, logs, pids } = pathsOf(home);
  const before = (await status(services)).supervisor?.pid;
  for (const path of [statusFile, logs, pids]) {
    renameSync(path, `${path}.away`);
    // A file where a folder should be, and a folder where a file should be.
    if (path === statusFile) mkdirSync(join(path, 'full'), { recursive: true });
    else writeFileSync(path, '');
  }
  const victim = (await workers()).find((worker) => worker.kind === 'orchestrator') as ChildStatus;
  process.kill(victim.pid as number, 'SIGKILL');
  const now = async () => (await workers()).find(({ name }) => name === victim.name);
  await until('a start that fails', async () => ((await now())?.lastExit ?? '').startsWith('ENOTDIR'));
  for (const path of [statusFile, logs, pids]) {
    rmSync(path, { recursive: true });
    renameSync(`${path}.away`, path);
  }
  await until('a start', async () => (await now())?.state === 'running');
  expect((await status(services)).supervisor?.pid).toBe(before);
  const said = readFileSync(join(logs, 'supervisor.log'), 'utf8');
  expect(said).toMatch(/cannot write the status: .*EISDIR/);
  expect(said).toContain(`${victim.name} could not be started: ENOTDIR`);
});

test('a newer build gets workers of its own, and those of the old one end by themselves', async () => {
  await until('the restarted worker', () => lines().length === 6);
  await ensureWorkers(services.home, 'build-two', { orchestrator: 1, cpu: 1, gpu: 0 });
  await until('the old workers to drain', async () =>
    (await workers()).every((worker) => worker.build === 'build-two'),
  );
  expect((await workers()).map((worker) => worker.kind)).toEqual(['orchestrator', 'cpu']);
  expect(lines().filter((line) => line.event === 'stop')).toHaveLength(4);
});

test("workers run the code of the checkout that asks for them, not of the supervisor's", async () => {
  const project = join(import.meta.dirname, 'fixtures');
  const spec = { orchestrator: 1, cpu: 1, gpu: 0 };
  await ask(pathsOf(services.home).socket, { op: 'ensure-workers', build: 'build-three', project, spec });
  const ofThree = (): Line[] => lines().filter(({ argv }) => argv.includes('build-three'));
  await until('two workers', () => ofThree().length === 2);
  expect(ofThree().map(({ cwd }) => cwd)).toEqual([project, project]);
  const config = JSON.parse(readFileSync(pathsOf(services.home).config, 'utf8')) as SupervisorConfig;
  const { args, cwd } = workerCommand({ ...config, workerFile: undefined }, 'cpu', 0, 'build-three', project);
  expect([args[2], cwd]).toEqual([join(project, 'worker.ts'), project]);
});

test('without a supervisor, workers cannot be asked for', async () => {
  const spec = { orchestrator: 1, cpu: 1, gpu: 0 };
  await expect(ensureWorkers(join(services.home, 'elsewhere'), 'build', spec)).rejects.toMatchObject({
    ...{ code: 'ServicesNotUp', remedy: 'run "cemiflow up"' },
  });
});
