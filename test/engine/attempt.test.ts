import { beforeEach, expect, it } from 'vitest';
import type { Checkpoint } from '../../core/checkpoint.ts';
import { digestOf } from '../../core/digest.ts';
import { ActionAttempt } from '../../engine/attempt.ts';
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

/** Attempts are told apart by the millisecond in which they began. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A second attempt, which has begun after all there are. */
const successor = async (): Promise<ActionAttempt> => {
  await later();
  const young = attempt('young', 2);
  await young.begin();
  return young;
};

const steps = async () => (await store.checkpoints.read(key))?.checkpoints.map(({ step }) => step);

it('an attempt that was taken over writes nothing more', async () => {
  const old = attempt('old', 1);
  await old.resume();
  await save(old, 1);
  const young = await successor();
  expect((await young.resume())?.step).toBe(1);
  expect(old.due(2)).toBe(true);
  await save(old, 2);
  expect(await steps()).toEqual([1]);
  await save(young, 2);
  expect(await steps()).toEqual([2, 1]);
});

it('an attempt whose claim was overwritten in the same moment claims again, and goes on writing', async () => {
  const old = attempt('old', 1);
  await old.resume();
  const before = await store.checkpoints.read(key);
  const young = await successor();
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
  const young = await successor();
  await young.finish();
  await save(old, 1);
  expect(await store.objects.list('checkpoints/')).toEqual([]);
});

it('an attempt that claims late takes nothing from one that began after it', async () => {
  const old = attempt('old', 1);
  await old.begin();
  await later();
  const young = attempt('young', 1);
  await young.resume();
  await save(young, 1);
  await old.fail('cancelled');
  expect(await steps()).toEqual([1]);
  await save(young, 2);
  expect(await steps()).toEqual([2, 1]);
});

it('of two runs that share an action, the one that goes on owns its checkpoints when the other has ended', async () => {
  const first = attempt('first', 1);
  await first.resume();
  await later();
  const second = attempt('second', 1);
  await second.begin();
  await second.resume();
  await save(second, 1);
  await save(first, 5);
  expect(await steps()).toEqual([1]);
  await second.fail('cancelled');
  await save(first, 6);
  await save(first, 7);
  expect(await steps()).toEqual([7, 1]);
});

it('a damaged checkpoint is forgotten, and the sound one stays the fallback', async () => {
  const old = attempt('old', 1);
  await old.resume();
  await save(old, 10);
  await save(old, 20);
  const [newest] = (await store.checkpoints.read(key))?.checkpoints ?? [];
  await store.objects.remove(`checkpoints/${key.slice(7)}/parts/${newest?.content.parts[0]?.slice(7)}`);
  const young = await successor();
  expect((await young.resume())?.step).toBe(10);
  await save(young, 15);
  expect(await steps()).toEqual([15, 10]);
});

it('parts of an upload that came to no end are swept by the next attempt', async () => {
  const old = attempt('old', 1);
  await old.resume();
  await save(old, 1);
  await store.checkpoints.putArrays(key, at(2).arrays);
  const parts = () => store.objects.list(`checkpoints/${key.slice(7)}/parts/`);
  expect(await parts()).toHaveLength(2);
  const young = await successor();
  expect(await parts()).toHaveLength(1);
  expect((await young.resume())?.step).toBe(1);
});
