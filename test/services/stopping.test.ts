import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunView } from '../../client/view/snapshot.ts';
import { workerGraceMs } from '../../services/config.ts';
import { type ChildStatus, status } from '../../services/index.ts';
import { pathsOf } from '../../services/paths.ts';
import { longestLeaveMs } from '../../worker.ts';
import { type CliResult, call, quickSpec } from '../cli/helpers.ts';
import { ownEnv, startServices, type TestServices } from '../helpers/services.ts';
import { faultyWorker, order } from './fixtures/faults.ts';

/** Workers and servers that are stopped, hang, or die while a run is under way: real ones, under a supervisor. */
let services: TestServices;

beforeAll(async () => {
  const env = { ...ownEnv(), CEMIFLOW_WATCHDOG_SECONDS: '3' };
  services = await startServices({ workerFile: faultyWorker, env });
}, 120_000);
afterAll(() => services?.stop());

const cemiflow = (...args: string[]): Promise<CliResult> => call(args, services.home);

let specs = 0;

/** Starts a run of one stage, which does what it was told. */
const begin = async (experiment: string, fault: 'hold' | 'ignore' | 'hang', ...options: string[]): Promise<void> => {
  specs += 1;
  const file = quickSpec(experiment, specs, [experiment]);
  order(services.home, experiment, fault);
  const { code, err } = await cemiflow('run', file, '--detach', '--cpu-workers', '1', ...options);
  expect(code, err).toBe(0);
};

const statusOf = async (run: string): Promise<RunView> =>
  JSON.parse((await cemiflow('status', run, '--json')).out) as RunView;

const child = async (kind: ChildStatus['kind']): Promise<ChildStatus> =>
  (await status(services)).supervisor?.children.find((each) => each.kind === kind) as ChildStatus;

const until = async <T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> => {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`waited in vain for ${what}`);
};

const underWay = (run: string): Promise<RunView> =>
  until(`${run} to be under way`, async () => {
    const view = await statusOf(run);
    return view.stages[0]?.state === 'running' && view;
  });

/** Follows a run, once it has shown the first line. */
const watch = async (run: string): Promise<{ end(): Promise<CliResult> }> => {
  let watching: Promise<CliResult> | undefined;
  await new Promise<string>((shown) => {
    watching = call(['attach', run], services.home, shown);
  });
  return { end: () => watching as Promise<CliResult> };
};

/** Its process in the place of one that has ended. */
const successorOf = (before: ChildStatus): Promise<ChildStatus> =>
  until(`another ${before.kind}`, async () => {
    const now = await child(before.kind);
    return now.restarts > before.restarts && now.state === 'running' && now;
  });

const log = (name: string): string => readFileSync(join(pathsOf(services.home).logs, `${name}.log`), 'utf8');

test('the supervisor waits longer than a worker takes to leave', () => {
  expect(workerGraceMs).toBeGreaterThan(longestLeaveMs);
});

test('SIGTERM drains: the stage leaves, the worker ends by itself, and the next one goes on', async () => {
  await begin('drained', 'hold');
  await underWay('drained');
  const before = await child('cpu');
  process.kill(before.pid as number, 'SIGTERM');
  const after = await successorOf(before);
  expect(after.lastExit).toBe('exit code 0');
  expect(log('worker-cpu-0')).toContain('SIGTERM: draining');
  order(services.home, 'drained');
  expect((await cemiflow('attach', 'drained')).code).toBe(0);
});

test('a second SIGTERM leaves at once, though the stage goes on', async () => {
  await begin('stubborn', 'ignore', '--heartbeat-timeout', '5');
  await underWay('stubborn');
  const before = await child('cpu');
  process.kill(before.pid as number, 'SIGTERM');
  await until('the drain', () => log('worker-cpu-0').split('SIGTERM: draining').length === 3);
  expect((await child('cpu')).pid).toBe(before.pid);
  process.kill(before.pid as number, 'SIGTERM');
  expect((await successorOf(before)).lastExit).toBe('exit code 1');
  expect(log('worker-cpu-0')).toContain('SIGTERM again: leaving at once');
  order(services.home, 'stubborn');
  expect((await cemiflow('attach', 'stubborn')).code).toBe(0);
});

test('a worker that hangs in an op is killed by its watchdog, and the stage is done by the next', async () => {
  const before = await child('cpu');
  await begin('hangs', 'hang', '--heartbeat-timeout', '5');
  expect((await successorOf(before)).lastExit).toBe('signal SIGKILL');
  expect(log('worker-cpu-0')).toContain('watchdog: the main thread has stood still for 3 s');
  expect((await cemiflow('attach', 'hangs')).code).toBe(0);
  expect((await statusOf('hangs')).stages[0]).toMatchObject({ state: 'done', attempts: 2 });
});

test.each(['temporal', 'minio'] as const)('a run, and who watches it, outlive a kill of %s', async (server) => {
  const run = `outlives-${server}`;
  await begin(run, 'hold');
  await underWay(run);
  const { end } = await watch(run);
  const before = await child(server);
  process.kill(before.pid as number, 'SIGKILL');
  await successorOf(before);
  order(services.home, run);
  const { code, err } = await end();
  expect(code, err).toBe(0);
  expect((await statusOf(run)).stages[0]?.state).toBe('done');
});

test('who watches a run while its services are stopped is told so, and how to go on', async () => {
  await begin('interrupted', 'hold');
  await underWay('interrupted');
  const { end } = await watch('interrupted');
  expect((await cemiflow('down')).out).toBe('stopped\n');
  const { code, err } = await end();
  expect(err).toMatch(
    /error\[ServicesNotUp\]: the services were stopped; interrupted-\S+ cannot continue\n {2}remedy: "cemiflow attach interrupted-/,
  );
  expect(code).toBe(1);
});
