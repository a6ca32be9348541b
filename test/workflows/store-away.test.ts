import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../core/errors.ts';
import { status } from '../../services/index.ts';
import { type Engine, node, startEngine, until } from './harness.ts';

/** MinIO stands still while runs are told to end: they must not wait for it. */
let engine: Engine;
let minio = 0;
let ran: string[] = [];

beforeAll(async () => {
  engine = await startEngine({ slots: 4 });
  engine.kind<JsonObject & { name: string }>('test/endless', async ({ name }, context) => {
    ran.push(name);
    for (let step = 0; ; step++) {
      await context.progress({ phase: 'spin', step, steps: 1e9 });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  const { supervisor } = await status({ home: engine.home, env: {} });
  minio = supervisor?.children.find(({ kind }) => kind === 'minio')?.pid as number;
}, 120_000);

afterAll(async () => {
  process.kill(minio, 'SIGCONT');
  await engine?.stop();
});

const begin = async (id: string) => {
  process.kill(minio, 'SIGCONT');
  ran = [];
  const plan = { experiment: id, nodes: [node(id, 'test/endless', { name: id })] };
  const startedAt = '2026-01-01T00:00:00+00:00';
  await engine.store.putRun({ id, plan, spec: { path: 'x.yaml' }, startedAt, workflowId: id });
  const handle = await engine.start(plan);
  await until(() => ran.includes(id));
  process.kill(minio, 'SIGSTOP');
  return handle;
};

test('cancel and abort end a run while the store is away', async () => {
  const cancelled = await begin('cancelled');
  await cancelled.cancel();
  await cancelled.result().catch(() => {});
  expect((await cancelled.describe()).status.name).toBe('CANCELLED');

  const aborted = await begin('aborted');
  await engine.tell('aborted', 'abort', { because: 'no store' });
  await expect(aborted.result()).rejects.toMatchObject({ cause: { type: 'RunAborted' } });
}, 120_000);

const secondsOf = (time: { readonly seconds?: unknown } | null | undefined): number => Number(time?.seconds ?? 0);

test('bookkeeping that waits for the store tells that it lives, and an abort does not wait for it', async () => {
  const handle = await begin('beats');
  await engine.tell('beats', 'pause');
  const recording = await until(async () =>
    (await handle.describe()).raw.pendingActivities?.find(
      ({ activityType, lastHeartbeatTime, lastStartedTime }) =>
        activityType?.name === 'recordRun' && secondsOf(lastHeartbeatTime) > secondsOf(lastStartedTime) + 2,
    ),
  );
  expect(recording.attempt).toBe(1);
  await engine.tell('beats', 'abort', {});
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'RunAborted' } });
}, 120_000);
