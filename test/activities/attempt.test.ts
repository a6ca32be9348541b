import { beforeEach, expect, it } from 'vitest';
import { ActionAttempt } from '../../activities/attempt.ts';
import type { Checkpoint } from '../../core/checkpoint.ts';
import { digestOf } from '../../core/digest.ts';
import type { Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const key = digestOf('an action that two attempts fight for');
let store: Store;
beforeEach(() => {
  store = memoryStore();
});

const attempt = (id: string, number: number): ActionAttempt =>
  new ActionAttempt({
    ...{ key, store, writer: store.checkpoints, interval: { everySteps: 1 }, id, attempt: number },
    tell: () => {},
    log: () => {},
  });

const at = (step: number): Checkpoint => ({
  step,
  arrays: { w: { dtype: 'float32', shape: [1], data: new Float32Array([step]) } },
  notes: null,
});

const save = async (who: ActionAttempt, step: number): Promise<void> => {
  who.save(at(step));
  await who.settled();
};

const steps = async () => (await store.checkpoints.read(key))?.checkpoints.map(({ step }) => step);

it('an attempt that was taken over writes nothing more, and stops trying', async () => {
  const old = attempt('old', 1);
  await old.resume();
  await save(old, 1);
  const young = attempt('young', 2);
  await young.begin();
  expect((await young.resume())?.step).toBe(1);
  expect(old.due(2)).toBe(true);
  await save(old, 2);
  expect(await steps()).toEqual([1]);
  expect(old.due(3)).toBe(false);
  await save(young, 2);
  expect(await steps()).toEqual([2, 1]);
});

it('an attempt whose claim was overwritten in the same moment claims again, and goes on writing', async () => {
  const old = attempt('old', 1);
  await old.resume();
  const before = await store.checkpoints.read(key);
  const young = attempt('young', 2);
  await young.begin();
  await young.resume();
  await store.checkpoints.write(before as never);
  await save(young, 1);
  expect(young.due(2)).toBe(true);
  await save(young, 2);
  expect(await steps()).toEqual([2]);
  expect(await young.attempts()).toMatchObject([
    { attempt: 1, end: 'lost' },
    { attempt: 2, end: 'done' },
  ]);
});

it('an attempt whose action has its record meanwhile leaves nothing behind', async () => {
  const old = attempt('old', 1);
  await old.resume();
  const young = attempt('young', 2);
  await young.begin();
  await young.finish();
  await save(old, 1);
  expect(await store.objects.list('checkpoints/')).toEqual([]);
});
