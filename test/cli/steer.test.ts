import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, defaultPayloadConverter, type Payload } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRun } from '../../client/start.ts';
import type { RunView } from '../../client/view/snapshot.ts';
import { down, up } from '../../services/index.ts';
import { pathsOf } from '../../services/paths.ts';
import { contentKey } from '../../store/blobs.ts';
import { hash } from '../../store/hash.ts';
import { openStore, type RunDocument } from '../../store/index.ts';
import { startServices, type TestServices } from '../helpers/services.ts';
import { faultyWorker, order } from '../services/fixtures/faults.ts';
import { type CliResult, call, emptyFolder, quickSpec } from './helpers.ts';

/** What a person does to a run: real servers, and real workers that make stages fail or wait when they are told to. */
let services: TestServices;

beforeAll(async () => {
  services = await startServices({ workerFile: faultyWorker });
}, 120_000);
afterAll(() => services?.stop());

const cemiflow = (...args: string[]): Promise<CliResult> => call(args, services.home);

const statusOf = async (run: string): Promise<RunView> =>
  JSON.parse((await cemiflow('status', run, '--json')).out) as RunView;

const until = async (run: string, look: (view: RunView) => boolean): Promise<RunView> => {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    const view = await statusOf(run);
    if (look(view)) return view;
  }
  throw new Error(`${run} never came to it: ${(await cemiflow('status', run)).out}`);
};

const stateOf = (view: RunView, stage: string): string | undefined => view.stages.find(({ id }) => id === stage)?.state;

test('a run that needs attention says what failed and what can be done, ends the command with 1, and waits', async () => {
  order(services.home, 'b', 'fail');
  const { code, out, err } = await cemiflow('run', quickSpec('waits', 1, ['a', 'b']));
  expect(err).toContain('error[DiskFull]: b: no space for b\n  remedy: free some space');
  expect(err).toMatch(/cemiflow retry waits-[0-9a-f]{12} /);
  expect(err).toMatch(/cemiflow skip waits-[0-9a-f]{12} b --because TEXT/);
  expect(err).toMatch(/cemiflow abort waits-[0-9a-f]{12} /);
  expect(out).toContain('b needs attention: DiskFull');
  expect(code).toBe(1);
  for (const command of ['attach', 'watch']) {
    const again = await cemiflow(command, 'waits');
    expect(again.err).toMatch(/cemiflow retry waits-/);
    expect(again.code).toBe(1);
  }
  const told = (await cemiflow('watch', 'waits', '--json')).out.trim().split('\n').at(-1) as string;
  expect(JSON.parse(told)).toMatchObject({
    ...{ state: 'needs attention', failed: [{ id: 'b', code: 'DiskFull', remedy: 'free some space' }] },
    commands: { retry: expect.stringMatching(/^cemiflow retry waits-/) },
  });
  const status = await cemiflow('status', 'waits');
  expect(status.out).toMatch(/^waits-[0-9a-f]{12} {2}needs attention · 1 of 2 stages · 1 failed/);
  expect((await cemiflow('runs')).out).toMatch(/waits-\S+ +needs attention/);
});

test('wrong stage names are answered with exit code 2, other refusals with 1, each with a remedy', async () => {
  const unknown = await cemiflow('retry', 'waits', 'c');
  expect(unknown.err).toMatch(/^error\[UnknownStage\].*\n {2}remedy: /);
  expect(unknown.code).toBe(2);
  const whole = await cemiflow('retry', 'waits', 'a');
  expect(whole.err).toMatch(/^error\[StageNotFailed\].*\n {2}remedy: /);
  expect(whole.code).toBe(1);
  const silent = await cemiflow('skip', 'waits', 'b');
  expect(silent.err).toMatch(/^error\[Usage\]: --because/);
  expect(silent.code).toBe(2);
  expect((await statusOf('waits')).state).toBe('needs attention');
});

test('retry goes on once the cause is mended', async () => {
  order(services.home, 'b');
  const { out, code } = await cemiflow('retry', 'waits', 'b');
  expect(out).toMatch(/^waits-[0-9a-f]{12} tries b again\n$/);
  expect(code).toBe(0);
  expect((await cemiflow('attach', 'waits')).code).toBe(0);
  expect((await statusOf('waits')).stages.map(({ state }) => state)).toEqual(['done', 'done']);
  const late = await cemiflow('retry', 'waits');
  expect(late.err).toMatch(/^error\[RunNotRunning\]: waits-\S+ is not running: it is done/);
  expect(late.code).toBe(1);
});

test('run on a run that waits tries the failed stages again and follows it to its end', async () => {
  order(services.home, 'd', 'fail');
  const spec = quickSpec('again', 2, ['c', 'd']);
  expect((await cemiflow('run', spec)).code).toBe(1);
  order(services.home, 'd');
  const { code, err } = await cemiflow('run', spec);
  expect(err).toMatch(/^attached again-/);
  expect(err).toContain('trying d again');
  expect(code).toBe(0);
});

test('a run that waits has a report so far; skip lets it end without the failed stage, and status and the report say why', async () => {
  order(services.home, 'f', 'fail');
  const spec = quickSpec('skips', 3, ['e', 'f'], { withReport: true });
  const [sofar, fetched] = [emptyFolder(), emptyFolder()];
  const waits = await cemiflow('run', spec, '--out', sofar);
  expect(waits.code).toBe(1);
  expect(waits.out).toContain(`report so far: ${join(sofar, 'report.html')}\n`);
  const asked = await cemiflow('report', 'skips', '--out', fetched);
  expect(asked.out).toBe(`${join(fetched, 'report.html')}\n`);
  expect(asked.err).toMatch(/^skips-\S+ is not done: this is its report so far, without 1 stage\n$/);
  const inJson = JSON.parse((await cemiflow('report', 'skips', '--out', fetched, '--json')).out);
  expect(inJson).toEqual({
    run: expect.stringMatching(/^skips-/),
    report: expect.any(String),
    soFar: true,
    missing: 1,
  });
  for (const folder of [sofar, fetched]) {
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('Not made yet: <code>f</code>.');
    expect(page).toContain('src="data:image/png');
  }
  const because = "the disk isn't ours";
  const { out, code } = await cemiflow('skip', 'skips', 'f', '--because', because, '--json');
  expect(JSON.parse(out)).toEqual({ run: expect.stringMatching(/^skips-/), stages: ['f'], because });
  expect(code).toBe(0);
  const folders = [sofar, fetched] as const;
  const end = await cemiflow('attach', 'skips', '--out', folders[0]);
  expect(end.err).toContain(`without f: ${because}`);
  expect(end.code).toBe(0);
  const status = (await cemiflow('status', 'skips')).out;
  expect(status).toMatch(/^skips-\S+ {2}2 of 3 stages · 1 skipped/);
  expect(status).toContain(`f skipped: ${because}`);
  expect((await cemiflow('report', 'skips', '--out', folders[1])).code).toBe(0);
  for (const folder of folders) {
    expect(readFileSync(join(folder, 'report.md'), 'utf8')).toContain(because);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).not.toContain('so-far');
  }
});

test('pause holds back what has not begun and lets the rest go on; continue starts it', async () => {
  for (const stage of ['g', 'h', 'i']) order(services.home, stage, 'hold');
  const { code } = await cemiflow('run', quickSpec('pauses', 4, ['g', 'h', 'i']), '--detach', '--max-parallel', '1');
  expect(code).toBe(0);
  await until('pauses', (view) => stateOf(view, 'g') === 'running');
  expect((await cemiflow('pause', 'pauses')).out).toMatch(/is paused: .*cemiflow continue pauses-/);
  for (const stage of ['g', 'h', 'i']) order(services.home, stage);
  const paused = await until('pauses', (view) => stateOf(view, 'g') === 'done');
  expect(paused.state).toBe('paused');
  expect(paused.stages.map(({ state }) => state)).toEqual(['done', 'paused', 'paused']);
  expect((await cemiflow('status', 'pauses')).out).toMatch(/^pauses-\S+ {2}paused · 1 of 3 stages/);
  expect((await cemiflow('continue', 'pauses')).code).toBe(0);
  expect((await cemiflow('attach', 'pauses')).code).toBe(0);
});

test('abort ends a run as failed, says why, and what is under way leaves', async () => {
  order(services.home, 'k', 'hold');
  const options = ['--checkpoint-seconds', '7', '--checkpoint-steps', '30', '--heartbeat-timeout', '9'];
  await cemiflow('run', quickSpec('aborts', 5, ['j', 'k']), '--detach', ...options);
  await until('aborts', (view) => stateOf(view, 'k') === 'running' && stateOf(view, 'j') === 'done');
  const none = await cemiflow('report', 'aborts', '--out', emptyFolder());
  expect(none.err).toMatch(
    /^error\[NotMade\]: aborts-\S+ has no report, and nothing yet that a report could show\n {2}remedy: /,
  );
  expect(none.code).toBe(1);
  const { out, code } = await cemiflow('abort', 'aborts', '--because', 'wrong data');
  expect(out).toMatch(/^aborts-\S+ was aborted\n$/);
  expect(code).toBe(0);
  order(services.home, 'k');
  const view = await statusOf('aborts');
  expect([view.state, stateOf(view, 'j'), stateOf(view, 'k')]).toEqual(['failed', 'done', 'cancelled']);
  expect((await cemiflow('status', 'aborts')).out).toMatch(/^aborts-\S+ {2}aborted \(wrong data\) · 1 of 2 stages/);
});

test('how a run guards against crashes is part of what its workflow is given', async () => {
  const connection = await Connection.connect({ address: services.endpoints.temporal.address });
  const handle = new Client({ connection }).workflow.getHandle((await statusOf('aborts')).runId);
  const { events } = await handle.fetchHistory();
  await connection.close();
  const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  expect(defaultPayloadConverter.fromPayload(input as Payload)).toMatchObject({
    ...{ checkpoint: { everySeconds: 7, everySteps: 30 }, heartbeatSeconds: 9 },
  });
});

test('a run of another build can be asked nothing: run goes on with it', async () => {
  const store = await openStore(services.endpoints.s3);
  const connection = await Connection.connect({ address: services.endpoints.temporal.address });
  const { id, ...run } = (await store.getRun((await statusOf('aborts')).runId)) as RunDocument;
  const resources = { device: 'cpu', maxParallel: 4, cpuWorkers: 0, gpuWorkers: 0 } as const;
  await startRun(new Client({ connection }), store, { ...run, runId: id, resources, build: 'bbbbbbbbbbbb' });
  await connection.close();
  const { err, code } = await cemiflow('pause', 'aborts');
  expect(err).toMatch(/^error\[BuildChanged\].*\n {2}remedy: "cemiflow run .*spec\.yaml" continues/);
  expect(code).toBe(1);
});

test('a run whose workflow is gone with its database stands still, says so, and is taken up again by run', async () => {
  const { home } = services;
  order(home, 'n', 'hold');
  const spec = quickSpec('gone', 7, ['m', 'n']);
  await cemiflow('run', spec, '--detach');
  await until('gone', (view) => stateOf(view, 'm') === 'done' && stateOf(view, 'n') === 'running');
  await down({ home });
  for (const end of ['', '-wal', '-shm']) rmSync(`${pathsOf(home).temporalDb}${end}`, { force: true });
  await up({ ...services, workerFile: faultyWorker, stopWithPid: process.pid });
  const view = await statusOf('gone');
  expect([view.state, view.again]).toEqual(['gone', `cemiflow run ${spec}`]);
  expect((await cemiflow('status', 'gone')).out).toMatch(
    /^gone-\S+ {2}its workflow is gone: "cemiflow run .*" takes it/,
  );
  expect((await cemiflow('runs')).out).toMatch(/gone-\S+ +gone /);
  for (const command of ['attach', 'watch', 'retry', 'pause']) {
    const { err, code } = await cemiflow(command, 'gone');
    expect(err).toMatch(/error\[WorkflowGone\].*\n {2}remedy: "cemiflow run /);
    expect(code).toBe(1);
  }
  order(home, 'n');
  const { code, err } = await cemiflow('run', spec);
  expect(err).toMatch(/^resumed gone-/m);
  expect(code).toBe(0);
  expect((await statusOf('gone')).stages.map(({ state }) => state)).toEqual(['hit', 'done']);
});

test('a report that was damaged in the store is made anew by the next run', async () => {
  const spec = quickSpec('mends', 8, ['q'], { withReport: true });
  const folders = [emptyFolder(), emptyFolder()] as const;
  expect((await cemiflow('run', spec, '--out', folders[0])).code).toBe(0);
  // As it lies in the store: the page gets the run's root on the way out.
  const page = readFileSync(join(folders[0], 'report.md'));
  const store = await openStore(services.endpoints.s3);
  const key = contentKey('blobs', hash(page));
  await store.objects.put(key, Buffer.concat([page.subarray(1), Buffer.from('x')]), { overwrite: true });
  const again = await cemiflow('run', spec, '--out', folders[1]);
  expect(again.err).toContain('was damaged in the store: it is made again');
  expect(again.code).toBe(0);
  expect(readFileSync(join(folders[1], 'report.md')).equals(page)).toBe(true);
}, 60_000);
