import { afterAll, beforeAll, expect, test } from 'vitest';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import { createBookkeeping } from '../../engine/bookkeeping.ts';
import type { RunDocument } from '../../store/index.ts';
import { Pace } from '../../workflows/pace.ts';
import type { RunProgress } from '../../workflows/types.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { type Engine, keep, node, startEngine, until } from './harness.ts';

let engine: Engine;
let broken = true;
const message = 'x'.repeat(3000);

beforeAll(async () => {
  engine = await startEngine({ slots: 16 });
  engine.kind<JsonObject>('test/break', async ({ name }, context) => {
    if (broken) throw new CemiflowError('Broken', message, { remedy: 'mend it' });
    return keep(context, { name: name as string });
  });
}, 120_000);

afterAll(() => engine?.stop());

const planOf = (experiment: string, stages: number): Plan => ({
  experiment,
  nodes: Array.from({ length: stages }, (_, i) =>
    node(`${experiment} ${i}`, 'test/break', { name: `${experiment} ${i}` }),
  ),
});
const documentOf = (plan: Plan): RunDocument => ({
  ...{ id: plan.experiment, plan, spec: { path: 'x.yaml' } },
  ...{ startedAt: '2026-01-01T00:00:00+00:00', workflowId: plan.experiment },
});
const spoil = (id: string) => engine.store.objects.put(`runs/${id}`, Buffer.from('{'), { overwrite: true });
const progressOf = (run: RunDocument | undefined): RunProgress => run?.progress as unknown as RunProgress;

test('a damaged document is written anew, and the run goes on', async () => {
  const plan = planOf('damaged', 1);
  broken = true;
  await engine.store.putRun(documentOf(plan));
  const handle = await engine.start(plan);
  await engine.untilState('damaged', 'needs attention');
  await until(async () => progressOf(await engine.store.getRun('damaged'))?.nodes[0]?.failure);
  await spoil('damaged');
  broken = false;
  await engine.tell('damaged', 'retry', {});
  await handle.result();
  const { startTime } = await handle.describe();
  expect(await engine.store.getRun('damaged')).toMatchObject({
    ...{ id: 'damaged', plan, workflowId: 'damaged', state: 'done', endedAt: expect.any(String) },
    startedAt: startTime.toISOString().replace('Z', '+00:00'),
    progress: { nodes: [{ state: 'done' }] },
  });
});

test('hundreds of failures leave a small history, and a document that has them all', async () => {
  broken = true;
  const plan = planOf('failures', 300);
  await engine.store.putRun(documentOf(plan));
  const handle = await engine.start(plan, { maxParallel: 32 });
  const nodes = await until(async () => {
    // The worker has enough to do without answering all the time.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = progressOf(await engine.store.getRun('failures'))?.nodes;
    return now?.every(({ state }) => state === 'failed') && now;
  });
  expect(nodes).toHaveLength(300);
  expect(nodes[0]?.failure?.message.length).toBeLessThanOrEqual(501);
  expect((await engine.store.getRun('failures'))?.state).toBe('needs attention');
  await engine.tell('failures', 'abort', {});
  await handle.result().catch(() => {});
  const { events } = await handle.fetchHistory();
  const sizes = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'recordRun' ? [scheduled.input?.payloads?.[0]?.data?.length ?? 0] : [],
  );
  expect(Math.max(...sizes)).toBeLessThan(512 * 1024);
  expect(sizes.length).toBeLessThan(60);
  const { raw } = await handle.describe();
  expect(Number(raw.workflowExecutionInfo?.historySizeBytes)).toBeLessThan(10 * 2 ** 20);
}, 240_000);

/** Bytes of a month of copies, of so many bytes each, as news comes every five seconds. */
const monthOf = (bytes: number): number => {
  const pace = new Pace();
  let written = 0;
  for (let nowMs = 0; nowMs < 30 * 86_400_000; nowMs += Math.max(5_000, pace.waitMs(nowMs))) {
    pace.wrote(bytes, nowMs);
    written += bytes;
  }
  return written;
};

test('copies come every five seconds at first, and a month of them fits into a history, whatever their size', () => {
  const pace = new Pace();
  expect(pace.waitMs(1)).toBe(0);
  pace.wrote(1_000, 1);
  expect(pace.waitMs(1) / 1000).toBeCloseTo(5, 1);
  for (const bytes of [1_000, 300_000, 2_000_000]) expect(monthOf(bytes) / 2 ** 20, `${bytes}`).toBeLessThan(42);
});

test('a document that stays unreadable is no reason to try for ever; one that was never there is let be', async () => {
  const store = memoryStore();
  const { recordRun, restoreRun } = createBookkeeping(store);
  expect(await recordRun({ runId: 'none', state: 'running' })).toBe('written');
  expect(await store.getRun('none')).toBeUndefined();
  for (const text of ['{', 'null', '{}']) {
    await store.objects.put('runs/bad', Buffer.from(text), { overwrite: true });
    expect(await recordRun({ runId: 'bad', state: 'done' }), text).toBe('unreadable');
  }
  const run = documentOf({ experiment: 'bad', nodes: [] });
  await restoreRun({ ...run, progress: { nodes: [] } });
  expect(await recordRun({ runId: 'bad', state: 'paused' })).toBe('written');
  expect(await store.getRun('bad')).toEqual({ ...run, state: 'paused', progress: { nodes: [] } });
});
