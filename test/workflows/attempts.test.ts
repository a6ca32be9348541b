import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActionKey } from '../../core/action.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { type Engine, keep, node, startEngine } from './harness.ts';

let engine: Engine;
let flaws = 0;
const steps = 40;
/** Called before each step of `test/train`. */
let beforeStep: (step: number) => Promise<void> = async () => {};
/** Steps that were done, over all attempts. */
let done: number[] = [];

beforeAll(async () => {
  engine = await startEngine();
  engine.kind<JsonObject>('test/flaky', async ({ name }, context) => {
    flaws += 1;
    if (flaws < 3) throw new CemiflowError('StoreTimeout', 'no answer', { remedy: 'wait', retryable: true });
    return keep(context, { name: name as string });
  });
  engine.kind<JsonObject>('test/train', async ({ name }, { checkpoints, progress, ...context }) => {
    const resumed = await checkpoints.resume();
    const sums = Float32Array.from(resumed?.arrays.sum?.data ?? [0]);
    for (let step = (resumed?.step ?? 0) + 1; step <= steps; step++) {
      await beforeStep(step);
      sums[0] = (sums[0] as number) * 1.1 + step;
      done.push(step);
      const save = () =>
        checkpoints.save({ step, arrays: { sum: { dtype: 'float32', shape: [1], data: sums.slice() } }, notes: null });
      if (checkpoints.due(step)) save();
      await progress({ phase: 'train', step, steps }).catch(async (error) => {
        save();
        await checkpoints.settled();
        throw error;
      });
    }
    return keep({ ...context, checkpoints, progress }, { name: name as string, sum: sums[0] as number });
  });
}, 120_000);

afterAll(() => engine?.stop());

const recordOf = async (key: ActionKey | undefined) => engine.store.getRecord(key as ActionKey);
const checkpointsLeft = () => engine.store.objects.list('checkpoints/');

test('each attempt is in the record: where, when, and how it ended', async () => {
  const result = await engine.run({ experiment: 'flaky', nodes: [node('flaky', 'test/flaky', { name: 'flaky' })] });
  const record = await recordOf(result.nodes.flaky?.key);
  const who = { host: hostname(), pid: process.pid, startedAt: expect.any(String), endedAt: expect.any(String) };
  expect(record?.attempts).toMatchObject([
    { ...who, attempt: 1, end: 'StoreTimeout' },
    { ...who, attempt: 2, end: 'StoreTimeout' },
    { ...who, attempt: 3, end: 'done' },
  ]);
  expect(await checkpointsLeft()).toEqual([]);
});

test('an action that was done at once has one attempt, and leaves nothing behind', async () => {
  done = [];
  const result = await engine.run({ experiment: 'alone', nodes: [node('alone', 'test/train', { name: 'alone' })] });
  const record = await recordOf(result.nodes.alone?.key);
  expect(record?.attempts).toMatchObject([{ attempt: 1, fromStep: 0, toStep: steps, end: 'done', warnings: [] }]);
  expect(done).toHaveLength(steps);
  expect(await checkpointsLeft()).toEqual([]);
});

test('a cancelled training leaves a checkpoint, and the next run goes on from it', async () => {
  done = [];
  const plan = { experiment: 'cancelled', nodes: [node('train', 'test/train', { name: 'cancelled' })] };
  const reached = new Promise<void>((resolve) => {
    beforeStep = async (step) => {
      if (step < 20) return;
      resolve();
      // Steps go on until the request to stop has arrived.
      await new Promise((later) => setTimeout(later, 250));
    };
  });
  const first = await engine.start(plan);
  await reached;
  await first.cancel();
  await first.result().catch(() => {});
  const left = done.at(-1) as number;
  expect(left).toBeGreaterThanOrEqual(20);
  beforeStep = async () => {};
  const result = await engine.run(plan);
  expect(done).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  expect((await recordOf(result.nodes.train?.key))?.attempts).toMatchObject([
    { fromStep: 0, toStep: left, end: 'cancelled' },
    { fromStep: left, toStep: steps, end: 'done' },
  ]);
  expect(await checkpointsLeft()).toEqual([]);
});
