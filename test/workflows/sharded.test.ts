import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Plan, PlanNode } from '../../core/plan.ts';
import { taskQueue } from '../../core/queues.ts';
import type { StageContext } from '../../core/stage.ts';
import type { sharded } from '../../workflows/sharded.ts';
import type { ShardedInput, ShardsProgress } from '../../workflows/types.ts';
import { build, type Engine, keep, node, output, read, startEngine, until } from './harness.ts';

let engine: Engine;
let ran: string[] = [];
/** How often a stage was split. */
let splits = 0;
/** The shard that fails, and the one that waits until `open` is called. */
let bad = -1;
let gated = -1;
let open: (() => void) | undefined;

interface Params extends JsonObject {
  family: string;
  total: number;
}
interface Shard extends JsonObject {
  family: string;
  from: number;
}

beforeAll(async () => {
  engine = await startEngine({ slots: 16 });
  engine.kind<Params>('test/shards', {
    split: async ({ family, total }) => {
      splits += 1;
      return Array.from({ length: total }, (_, from): Shard => ({ family, from }));
    },
    runShard: async (shard: JsonObject, context: StageContext) => {
      ran.push(`shard ${shard.from}`);
      if (shard.from === bad) throw new CemiflowError('PartUseless', 'a bad shard', { remedy: 'mend it' });
      if (shard.from === gated) await new Promise<void>((resolve) => (open = resolve));
      return keep(context, { value: Number(shard.from) * 10 });
    },
    join: async (_params: Params, shards: readonly Outputs[], context: StageContext) => {
      ran.push('join');
      const values = await Promise.all(shards.map((shard) => read(context.store, shard.out as ArtifactRef)));
      return keep(context, { values: values.map(({ value }) => value as number) });
    },
  });
  engine.kind<{ of: ArtifactRef }>('test/sum', async ({ of }, context) => {
    const { values } = await read(context.store, of);
    return keep(context, { sum: (values as number[]).reduce((a, b) => a + b, 0) });
  });
}, 120_000);

afterAll(() => engine?.stop());
beforeEach(() => {
  ran = [];
  splits = 0;
  bad = -1;
  gated = -1;
  open = undefined;
});

/** @param family sets of one family share their shards */
const plan = (experiment: string, total: number, family = experiment): Plan => ({
  experiment,
  nodes: [
    node('set', 'test/shards', { family, total }, { sharded: true }),
    node('sum', 'test/sum', { of: output('set') }),
  ],
});

test('a sharded stage runs every shard and joins them in order', async () => {
  const result = await engine.run(plan('three', 3, 'growing'), { maxParallel: 2 });
  expect([...ran].sort()).toEqual(['join', 'shard 0', 'shard 1', 'shard 2']);
  expect(await read(engine.store, result.nodes.set?.outputs.out as ArtifactRef)).toEqual({ values: [0, 10, 20] });
  expect(await read(engine.store, result.nodes.sum?.outputs.out as ArtifactRef)).toEqual({ sum: 30 });
});

test('a set that grew makes only the new shards', async () => {
  await engine.run(plan('small', 3, 'grown'));
  ran = [];
  const result = await engine.run(plan('large', 5, 'grown'));
  expect([...ran].sort()).toEqual(['join', 'shard 3', 'shard 4']);
  expect(await read(engine.store, result.nodes.sum?.outputs.out as ArtifactRef)).toEqual({ sum: 100 });
});

test('a shard that fails leaves the other shards made, and a retry makes only the missing one', async () => {
  bad = 6;
  const handle = await engine.start(plan('eight', 8));
  const { nodes } = await engine.untilState('eight', 'needs attention');
  expect(nodes[0]).toMatchObject({ state: 'failed', failure: { code: 'PartUseless', remedy: 'mend it' } });
  expect(ran).toHaveLength(8);
  ran = [];
  bad = -1;
  await engine.tell('eight', 'retry', {});
  await handle.result();
  expect([...ran].sort()).toEqual(['join', 'shard 6']);
});

test.each(['cancel', 'terminate'] as const)('a stage whose child somebody else told to %s has failed', async (end) => {
  gated = 0;
  const id = `${end} child`;
  const handle = await engine.start(plan(id, 2));
  const openIt = await until(() => open);
  await engine.client.workflow.getHandle(`${id}/set`)[end]();
  openIt();
  const { nodes } = await engine.untilState(id, 'needs attention');
  expect(nodes[0]).toMatchObject({
    state: 'failed',
    failure: { code: 'StageCancelled', remedy: expect.stringContaining('cemiflow retry') },
  });
  gated = -1;
  await engine.tell(id, 'retry', {});
  await handle.result();
});

test('a child that a run of before left behind is ended', async () => {
  gated = 0;
  const thePlan = plan('orphan', 2);
  const [{ id, kind, seed, code, resource, params }] = thePlan.nodes as [PlanNode];
  const left: ShardedInput = {
    node: { id, kind, seed, code, resource },
    params,
    experiment: 'orphan',
    runId: 'orphan',
    device: 'cpu',
    maxParallel: 1,
    build,
  };
  const orphan = await engine.client.workflow.start<typeof sharded>('sharded', {
    taskQueue: taskQueue('orchestrator', build),
    workflowId: 'orphan/set',
    args: [left],
  });
  const openIt = await until(() => open);
  gated = -1;
  const result = await engine.run(thePlan);
  expect(await read(engine.store, result.nodes.sum?.outputs.out as ArtifactRef)).toEqual({ sum: 10 });
  openIt();
  const { status } = await engine.client.workflow.getHandle('orphan/set', orphan.firstExecutionRunId).describe();
  expect(status.name).toBe('TERMINATED');
});

/** Event counts of the child's histories, from the first to the last that continues it. */
const historiesOf = async (workflowId: string): Promise<number[]> => {
  const [runId] = workflowId.split('/');
  const { events } = await engine.client.workflow.getHandle(runId as string).fetchHistory();
  const started = events?.map((event) => event.childWorkflowExecutionStartedEventAttributes).find(Boolean);
  const lengths: number[] = [];
  for (let next = started?.workflowExecution?.runId; next; ) {
    const all = (await engine.client.workflow.getHandle(workflowId, next).fetchHistory()).events ?? [];
    lengths.push(all.length);
    next = all.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return lengths;
};

const eventsLimit = 51_200;

test('700 shards stay far below the limit of a history, and so would 20,000 identities in shards of 8', async () => {
  const total = 700;
  const result = await engine.run(plan('many', total), { maxParallel: 32 });
  const values = Array.from({ length: total }, (_, i) => i * 10);
  expect(await read(engine.store, result.nodes.set?.outputs.out as ArtifactRef)).toEqual({ values });
  expect(ran.filter((name) => name.startsWith('shard'))).toHaveLength(total);
  const lengths = await historiesOf('many/set');
  expect(lengths.length).toBeGreaterThan(1);
  // Started at 2,000 events, then the shards under way end, at six events each, and the look-ups of a new history.
  expect(Math.max(...lengths)).toBeLessThan(2000 + 32 * 6 + 50);
  const perPart = lengths.reduce((a, b) => a + b, 0) / total;
  expect(perPart).toBeLessThanOrEqual(6.2);
  // Even in one history they would be less than a third of the limit.
  expect((20_000 / 8) * perPart).toBeLessThan(eventsLimit / 3);
  expect(Math.max(...lengths) * 20).toBeLessThan(eventsLimit);
}, 300_000);

test('a new history takes along the split, what failed and what was there, and runs nothing twice', async () => {
  await engine.run(plan('shard of it', 10, 'carried'));
  ran = [];
  splits = 0;
  bad = 13;
  const handle = await engine.start(plan('all of it', 30, 'carried'), { maxParallel: 2, maxEvents: 40 });
  const { nodes } = await engine.untilState('all of it', 'needs attention');
  expect(nodes[0]?.failure?.code).toBe('PartUseless');
  expect((await historiesOf('all of it/set')).length).toBeGreaterThan(1);
  expect(splits).toBe(1);
  const child = engine.client.workflow.getHandle('all of it/set');
  expect(await child.query<ShardsProgress>('progress')).toMatchObject({ shards: 30, done: 29, hits: 10, failed: 1 });
  expect([...ran].sort()).toEqual(Array.from({ length: 20 }, (_, i) => `shard ${i + 10}`).sort());
  ran = [];
  bad = -1;
  await engine.tell('all of it', 'retry', {});
  await handle.result();
  expect([...ran].sort()).toEqual(['join', 'shard 13']);
});

test('a pause holds across the change of histories', async () => {
  gated = 2;
  const handle = await engine.start(plan('held', 20), { maxParallel: 2, maxEvents: 30 });
  const shards = () => engine.client.workflow.getHandle('held/set').query<ShardsProgress>('progress');
  // The history is long: the gated shard is the last of it.
  const openIt = await until(() => open);
  await until(async () => {
    const { running, done } = await shards().catch(() => ({ running: 0, done: 0 }));
    return running === 1 && done > 1;
  });
  await engine.tell('held', 'pause');
  const child = engine.client.workflow.getHandle('held/set');
  const signalled = async () =>
    ((await child.fetchHistory()).events ?? []).some((event) => event.workflowExecutionSignaledEventAttributes);
  await until(signalled);
  const before = ran.length;
  const histories = await historiesOf('held/set');
  openIt();
  await until(async () => (await shards()).running === 0);
  expect(await shards()).toMatchObject({ phase: 'shards', done: before });
  expect(await historiesOf('held/set')).toHaveLength(histories.length);
  await engine.tell('held', 'continue');
  await handle.result();
  expect(ran.filter((name) => name.startsWith('shard'))).toHaveLength(20);
  expect((await historiesOf('held/set')).length).toBeGreaterThan(histories.length);
});
