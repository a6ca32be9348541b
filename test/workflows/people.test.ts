import { type WorkflowFailedError, type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { ExperimentResult, ShardsProgress, StagesAnswer } from '../../workflows/types.ts';
import { type Engine, keep, node, output, read, startEngine, until } from './harness.ts';

let engine: Engine;
/** Names of what ran, in order. */
let ran: string[] = [];
/** Names of stages that fail while they are in it. */
const broken = new Set<string>();
const gates = new Map<string, () => void>();

interface Params extends JsonObject {
  name: string;
}

const gate = (name: string): Promise<void> => new Promise((open) => gates.set(name, open));

beforeAll(async () => {
  engine = await startEngine({ slots: 4 });
  engine.kind<Params & { from?: ArtifactRef[] }>('test/note', async ({ name, from = [], ...rest }, context) => {
    if (broken.has(name)) throw new CemiflowError('Broken', `${name} is broken`, { remedy: 'mend it' });
    ran.push(name);
    return keep(context, { name, rest, inputs: from.length });
  });
  engine.kind<Params>('test/gate', async ({ name }, context) => {
    ran.push(name);
    await gate(name);
    return keep(context, { name });
  });
  engine.kind<Params>('test/endless', async ({ name }, context) => {
    ran.push(name);
    try {
      for (let step = 0; ; step++) {
        await context.progress({ phase: 'spin', step, steps: 1e9 });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      ran.push(`${name} left`);
    }
  });
  engine.kind<Params>('test/slow-end', async ({ name }, context) => {
    ran.push(name);
    while (!context.signal.aborted) {
      // What arrives with a heartbeat is seen at the next.
      await context.progress({ phase: name, step: 0, steps: 1 }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await gate(name);
    throw context.signal.reason;
  });
  engine.kind<Params & { shards: number }>('test/shards', {
    split: async ({ shards }) => Array.from({ length: shards }, (_, shard) => ({ name: `shard ${shard}` })),
    runShard: async ({ name }: JsonObject, context) => {
      ran.push(name as string);
      if (name === 'shard 1') await gate('shard 1');
      return keep(context, { name: name as string });
    },
    join: async (_params: Params, shards: readonly Outputs[], context) => keep(context, { shards: shards.length }),
  });
}, 120_000);

afterAll(() => engine?.stop());
beforeEach(() => {
  ran = [];
  broken.clear();
  gates.clear();
});

const note = (id: string, from: string[] = [], more: JsonObject = {}) =>
  node(id, 'test/note', { name: id, ...more, ...(from.length > 0 ? { from: from.map(output) } : {}) });
const report = (id: string, from: string[]) => ({ ...note(id, from), outputs: { out: 'report' as const } });
const plan = (experiment: string, ...nodes: Plan['nodes']): Plan => ({ experiment, nodes });

const document = (id: string) => engine.store.getRun(id);
/** Starts a run as the command line does, with its document in the store. */
const start = async (thePlan: Plan): Promise<WorkflowHandle> => {
  const { experiment: id } = thePlan;
  const startedAt = '2026-01-01T00:00:00+00:00';
  await engine.store.putRun({ id, plan: thePlan, spec: { path: 'x.yaml' }, startedAt, workflowId: id });
  return engine.start(thePlan);
};
type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
const scheduled = (event: Event) => event.activityTaskScheduledEventAttributes?.activityType?.name;

const failureOf = async (result: Promise<unknown>): Promise<ApplicationFailure> =>
  (
    (await result.then(
      () => Promise.reject(new Error('expected a failure')),
      (failure: unknown) => failure,
    )) as WorkflowFailedError
  ).cause as ApplicationFailure;

test('retry starts failed stages again, and what needs them follows', async () => {
  broken.add('retried');
  const handle = await start(plan('retry', note('retried'), note('then', ['retried']), note('apart')));
  await engine.untilState('retry', 'needs attention');
  const waiting = await until(async () => {
    const now = await document('retry');
    return now?.state === 'needs attention' && now;
  });
  expect(waiting).not.toHaveProperty('endedAt');
  broken.clear();
  expect(await engine.tell<StagesAnswer>('retry', 'retry', {})).toEqual({ stages: ['retried'] });
  expect(await handle.result()).toMatchObject({ hits: 0, computed: 3, skipped: [] });
  expect(ran).toEqual(['apart', 'retried', 'then']);
  expect(await document('retry')).toMatchObject({ state: 'done', endedAt: expect.any(String) });
});

test('a stage that fails again after a retry waits again', async () => {
  broken.add('again');
  const handle = await start(plan('again', note('again'), note('other')));
  await engine.untilState('again', 'needs attention');
  await engine.tell('again', 'retry', { stages: ['again'] });
  await until(async () => {
    const { events } = await handle.fetchHistory();
    return (events ?? []).filter((event) => event.activityTaskFailedEventAttributes).length === 2;
  });
  expect((await engine.untilState('again', 'needs attention')).nodes[0]?.state).toBe('failed');
  await engine.tell('again', 'abort', {});
});

test('a retry of one stage goes on beside others that run', async () => {
  broken.add('early');
  const handle = await start(plan('beside', note('early'), node('long', 'test/gate', { name: 'long' })));
  await until(async () => (await engine.progress('beside')).nodes[0]?.state === 'failed');
  expect((await engine.progress('beside')).state).toBe('running');
  expect(await until(() => document('beside'))).toMatchObject({ state: 'running' });
  broken.clear();
  await engine.tell('beside', 'retry', { stages: ['early'] });
  await until(() => ran.includes('early'));
  (await until(() => gates.get('long')))();
  expect(await handle.result()).toMatchObject({ computed: 2 });
});

test('skip leaves out what needs the stage, and the report says so', async () => {
  broken.add('bad');
  const nodes = [note('bad'), note('good'), note('behind', ['bad']), report('page', ['good', 'bad', 'behind'])];
  const handle = await start(plan('skip', ...nodes));
  await engine.untilState('skip', 'needs attention');
  expect(await engine.tell('skip', 'skip', { stages: ['bad'], because: ' the photos are gone ' })).toEqual({
    stages: ['bad'],
  });
  const result = (await handle.result()) as ExperimentResult;
  expect(result).toMatchObject({ computed: 2, skipped: ['bad', 'behind'] });
  expect(await read(engine.store, result.nodes.page?.outputs.out as ArtifactRef)).toEqual({
    name: 'page',
    rest: {
      skipped: [
        { stage: 'bad', because: 'the photos are gone' },
        { stage: 'behind', because: 'needs bad: the photos are gone' },
      ],
    },
    inputs: 1,
  });
  const { nodes: ended } = await engine.progress('skip');
  expect(ended.map(({ state, skipped }) => [state, skipped?.because])).toEqual([
    ['skipped', 'the photos are gone'],
    ['done', undefined],
    ['skipped', 'needs bad: the photos are gone'],
    ['done', undefined],
  ]);
  expect(await document('skip')).toMatchObject({ state: 'done' });
});

test('abort lets stages under way leave, and the run ends as failed with the reason', async () => {
  const nodes = [node('spin', 'test/endless', { name: 'spin' }), note('never', ['spin'])];
  const handle = await start(plan('abort', ...nodes));
  await until(() => ran.includes('spin'));
  expect(await engine.tell('abort', 'abort', { because: 'wrong seed' })).toEqual({});
  const failure = await failureOf(handle.result());
  expect(failure).toMatchObject({ type: 'RunAborted', message: 'the run was aborted: wrong seed' });
  expect(ran).toEqual(['spin', 'spin left']);
  expect(await document('abort')).toMatchObject({
    state: 'failed',
    endedAt: expect.any(String),
    progress: { aborted: { because: 'wrong seed' }, nodes: [{ state: 'cancelled' }, { state: 'cancelled' }] },
  });
});

test('a run that waits can be aborted and cancelled', async () => {
  broken.add('stuck');
  const aborted = await start(plan('waiting1', note('stuck')));
  await engine.untilState('waiting1', 'needs attention');
  await engine.tell('waiting1', 'abort', {});
  expect(await failureOf(aborted.result())).toMatchObject({ message: 'the run was aborted' });
  const cancelled = await start(plan('waiting2', note('stuck')));
  await engine.untilState('waiting2', 'needs attention');
  await cancelled.cancel();
  expect(await failureOf(cancelled.result())).toBeInstanceOf(CancelledFailure);
  expect(await document('waiting2')).toMatchObject({ state: 'cancelled' });
});

test('pause lets what is under way go on and starts nothing, until continue', async () => {
  const nodes = [node('open', 'test/gate', { name: 'open' }), note('next', ['open']), note('last', ['next'])];
  const handle = await start(plan('pause', ...nodes));
  const open = await until(() => gates.get('open'));
  expect(await engine.tell('pause', 'pause')).toEqual({});
  expect((await engine.progress('pause')).state).toBe('paused');
  open();
  // Now `next` has been looked up, and the workflow has done what it does with the answer.
  const events = await until(async () => {
    const all = (await handle.fetchHistory()).events ?? [];
    const lookups = all.filter((event) => scheduled(event) === 'lookupActions');
    const answered = all.findLastIndex(
      (event) => event.activityTaskCompletedEventAttributes?.scheduledEventId?.toString() === `${lookups[1]?.eventId}`,
    );
    const after = all.slice(answered).some((event) => event.workflowTaskCompletedEventAttributes);
    return lookups.length === 2 && answered >= 0 && after && all;
  });
  expect(events.filter((event) => scheduled(event) === 'runStage')).toHaveLength(1);
  expect(await document('pause')).toMatchObject({ state: 'paused' });
  expect(ran).toEqual(['open']);
  await engine.tell('pause', 'continue');
  await handle.result();
  expect(ran).toEqual(['open', 'next', 'last']);
  expect(await document('pause')).toMatchObject({ state: 'done' });
});

test('pause keeps shards of a sharded stage from starting', async () => {
  const set = node('set', 'test/shards', { name: 'set', shards: 4 }, { sharded: true });
  const handle = await engine.start(plan('shards', set), { maxParallel: 1 });
  const shards = () => engine.client.workflow.getHandle('shards/set').query<ShardsProgress>('progress');
  const open = await until(() => gates.get('shard 1'));
  await engine.tell('shards', 'pause');
  // The signal is in the child's history before the shard ends.
  await until(async () => {
    const { events } = await engine.client.workflow.getHandle('shards/set').fetchHistory();
    return (events ?? []).some((event) => event.workflowExecutionSignaledEventAttributes);
  });
  open();
  await until(async () => (await shards()).done === 2);
  expect(await shards()).toMatchObject({ running: 0, phase: 'shards' });
  expect(ran).toEqual(['shard 0', 'shard 1']);
  await engine.tell('shards', 'continue');
  await handle.result();
  expect(ran).toEqual(['shard 0', 'shard 1', 'shard 2', 'shard 3']);
});

test('what cannot be done is refused with a code and a remedy, and leaves no trace in the history', async () => {
  broken.add('wrong');
  const handle = await start(plan('refused', note('wrong'), note('fine'), note('behind', ['wrong'])));
  await engine.untilState('refused', 'needs attention');
  const { length } = (await handle.fetchHistory()).events ?? [];
  const remedy = 'these have failed: wrong';
  for (const [update, request, code, says] of [
    ['retry', { stages: ['wrnog'] }, 'UnknownStage', remedy],
    ['retry', { stages: ['fine'] }, 'StageNotFailed', remedy],
    ['skip', { stages: ['behind'], because: 'x' }, 'StageNotFailed', remedy],
    ['skip', { stages: ['wrong'], because: ' ' }, 'ReasonMissing', 'say why'],
    ['skip', { stages: [], because: 'x' }, 'NothingFailed', remedy],
    ['skip', { stages: ['wrong'], because: 'x'.repeat(1001) }, 'ReasonTooLong', 'shorter'],
    ['abort', { because: 'x'.repeat(1001) }, 'ReasonTooLong', 'shorter'],
  ] as const)
    await expect(engine.tell('refused', update, request), code).rejects.toMatchObject({
      type: code,
      details: [{ remedy: expect.stringContaining(says) }],
    });
  const accepted = ((await handle.fetchHistory()).events ?? [])
    .slice(length)
    .filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  expect(accepted).toEqual([]);
  await engine.tell('refused', 'abort', {});
  await handle.result().catch(() => {});
  const late = await engine.tell('refused', 'retry', {}).catch((error: unknown) => error);
  expect(late).not.toBeInstanceOf(WorkflowUpdateFailedError);
  expect(String(late)).toMatch(/completed|not found/i);
});

test('a retry where nothing has failed is refused', async () => {
  await start(plan('nothing', node('spin', 'test/endless', { name: 'nothing' })));
  await until(() => ran.includes('nothing'));
  await expect(engine.tell('nothing', 'retry', {})).rejects.toMatchObject({ type: 'NothingFailed' });
  await engine.tell('nothing', 'abort', {});
});

test('a run that is ending refuses every word', async () => {
  const handle = await start(plan('ending', node('slow', 'test/slow-end', { name: 'slow' })));
  await until(() => ran.includes('slow'));
  await engine.tell('ending', 'abort', {});
  const leave = await until(() => gates.get('slow'));
  for (const [update, ...request] of [['pause'], ['continue'], ['abort', {}], ['retry', {}]] as const)
    await expect(engine.tell('ending', update, ...request)).rejects.toMatchObject({ type: 'RunEnding' });
  leave();
  await handle.result().catch(() => {});
});
