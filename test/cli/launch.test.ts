import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findArtifact } from '../../client/artifacts.ts';
import { findRun, runIdOf } from '../../client/runs.ts';
import { runningBuild, startRun, waitingRuns } from '../../client/start.ts';
import { type Plan, toAction } from '../../core/plan.ts';
import { isoTime } from '../../core/time.ts';
import { openStore, type RunDocument, type Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { startServices, type TestServices } from '../helpers/services.ts';
import { node } from '../workflows/harness.ts';
import { call, emptyFolder } from './helpers.ts';

let services: TestServices;
let store: Store;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  services = await startServices();
  store = await openStore(services.endpoints.s3);
  connection = await Connection.connect({ address: services.endpoints.temporal.address });
  client = new Client({ connection });
});
afterAll(async () => {
  await connection?.close();
  await services?.stop();
});

const planOf = (experiment: string, seed = 1): Plan => ({ experiment, nodes: [node('a', 'test/a', {}, { seed })] });
const resources = { device: 'cpu', maxParallel: 4, cpuWorkers: 0, gpuWorkers: 0 } as const;
const start = (plan: Plan, build: string) =>
  startRun(client, store, { runId: runIdOf(plan), plan, resources, build, spec: { path: 'tiny.yaml' } });

test('the first start starts, the second attaches, and one under other code takes the run over', async () => {
  const plan = planOf('tiny');
  const id = runIdOf(plan);
  expect(await start(plan, 'aaaaaaaaaaaa')).toBe('started');
  expect(await start(plan, 'aaaaaaaaaaaa')).toBe('attached');
  const { runId: firstExecution } = await client.workflow.getHandle(id).describe();
  expect(await waitingRuns(client, 'aaaaaaaaaaaa')).toEqual([]);
  expect(await start(plan, 'bbbbbbbbbbbb')).toBe('restarted');
  expect(await runningBuild(client, id)).toMatchObject({ build: 'bbbbbbbbbbbb', device: 'cpu' });
  expect((await client.workflow.getHandle(id, firstExecution).describe()).status.name).toBe('TERMINATED');
  expect(await store.getRun(id)).toMatchObject({ plan, workflowId: id, state: 'running', spec: { path: 'tiny.yaml' } });
});

test('a precision that the CPU does not compute is refused before anything starts, with stage and remedy', async () => {
  const file = join(emptyFolder(), 'spec.yaml');
  writeFileSync(
    file,
    `experiment: halved
seed: 1
stages:
  faces: {uses: data/procedural}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}", precision: float16}}
`,
  );
  const { code, err } = await call(['run', file, '--device', 'cpu'], services.home);
  expect(err).toMatch(/^error\[PrecisionUnsupported\]: teacher has precision float16/);
  expect(err).toContain('remedy: use bfloat16, or run with --device gpu');
  expect(code).toBe(1);
  expect((await call(['status', 'halved'], services.home)).code).not.toBe(0);
});

test('attaching writes a damaged document anew', async () => {
  const plan = planOf('spoiled');
  await start(plan, 'aaaaaaaaaaaa');
  const { startedAt: _, ...before } = (await store.getRun(runIdOf(plan))) as RunDocument;
  await store.objects.put(`runs/${runIdOf(plan)}`, Buffer.from('{'), { overwrite: true });
  expect(await start(plan, 'aaaaaaaaaaaa')).toBe('attached');
  const { startTime, memo } = await client.workflow.getHandle(runIdOf(plan)).describe();
  expect(await store.getRun(runIdOf(plan))).toEqual({ ...before, startedAt: isoTime(startTime) });
  expect(memo).toMatchObject({ spec: 'tiny.yaml' });
});

test('status of a cancelled run says so in its first line', async () => {
  const plan = planOf('stopped');
  await start(plan, 'cccccccccccc');
  expect((await call(['status', 'stopped'], services.home)).out).not.toContain('cancelled');
  // Its workers are of another build, so that the request is answered without one.
  expect((await call(['cancel', 'stopped'], services.home)).code).toBe(0);
  const { out, code } = await call(['status', 'stopped'], services.home);
  expect(out.split('\n')[0]).toMatch(new RegExp(`^${runIdOf(plan)} {2}cancelled · `));
  expect(code).toBe(0);
});

test('a run is found by its id, the beginning of it, or the experiment; a wrong name is answered with others', async () => {
  const memory = memoryStore();
  const put = (plan: Plan, startedAt: string) =>
    memory.putRun({ id: runIdOf(plan), plan, spec: { path: 'x' }, startedAt, workflowId: runIdOf(plan) });
  const [older, newer] = [planOf('tiny', 1), planOf('tiny', 2)];
  await put(older, '2026-01-01T00:00:00+00:00');
  await put(newer, '2026-01-02T00:00:00+00:00');
  expect((await findRun(memory, 'tiny')).id).toBe(runIdOf(newer));
  expect((await findRun(memory, runIdOf(older))).id).toBe(runIdOf(older));
  expect((await findRun(memory, runIdOf(older).slice(0, -4))).id).toBe(runIdOf(older));
  await expect(findRun(memory, 'tin')).rejects.toMatchObject({
    code: 'UnknownRun',
    remedy: expect.stringContaining('tiny-'),
  });
  await expect(findRun(memory, 'none')).rejects.toMatchObject({ code: 'UnknownRun' });

  for (const bad of [runIdOf(newer), 'none'])
    await memory.objects.put(`runs/${bad}`, Buffer.from('{}'), { overwrite: true });
  expect((await findRun(memory, 'tiny')).id).toBe(runIdOf(older));
  expect((await findRun(memory, runIdOf(older))).id).toBe(runIdOf(older));
  await expect(findRun(memory, runIdOf(newer))).rejects.toMatchObject({ code: 'RunCorrupt' });
});

test('RUN:NODE leads to the artifact of that node, and says what is missing', async () => {
  const memory = memoryStore();
  const made = node('student[m=0.5]', 'test/a', {}, { outputs: { out: 'metrics', log: 'metrics' } });
  const plan: Plan = {
    experiment: 'tiny',
    nodes: [made, node('later', 'test/b', { of: { $node: made.id, $output: 'out' } })],
  };
  await memory.putRun({
    id: 'tiny-1',
    plan,
    spec: { path: 'x' },
    startedAt: '2026-01-01T00:00:00+00:00',
    workflowId: 'tiny-1',
  });
  const out = await memory.putArtifact({ type: 'metrics', meta: {}, files: [] });
  const log = await memory.putArtifact({ type: 'metrics', meta: { log: 1 }, files: [] });
  const action = toAction(made, new Map());
  await memory.putRecord(recordOf(action, { out, log }));
  expect(await findArtifact(memory, 'tiny:student[m=0.5].log')).toEqual(log);
  await expect(findArtifact(memory, 'tiny:student')).rejects.toMatchObject({ code: 'UnknownNode' });
  await expect(findArtifact(memory, 'tiny:later')).rejects.toMatchObject({ code: 'NotMade' });
  await expect(findArtifact(memory, 'tiny:student[m=0.5].weights')).rejects.toMatchObject({ code: 'UnknownOutput' });
});
