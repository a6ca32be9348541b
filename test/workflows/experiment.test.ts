import { WorkflowFailedError } from '@temporalio/client';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import { type Engine, keep, node, output, read, startEngine, until } from './harness.ts';

let engine: Engine;
/** Ids of what ran, in order. */
let ran: string[] = [];
const gates = new Map<string, () => void>();
let attempts = 0;

interface Params extends JsonObject {
  name: string;
}

beforeAll(async () => {
  engine = await startEngine({ slots: 3 });
  engine.kind<Params & { from?: ArtifactRef[] }>('test/note', async ({ name, from = [] }, context) => {
    const inputs = await Promise.all(from.map((ref) => read(context.store, ref)));
    ran.push(name);
    return keep(context, { name, saw: inputs.map((input) => input.name as string) });
  });
  let inside = 0;
  engine.kind<Params>('test/gate', async ({ name }, context) => {
    inside += 1;
    ran.push(`${name} ${inside}`);
    await new Promise<void>((open) => gates.set(name, open));
    inside -= 1;
    return keep(context, { name });
  });
  engine.kind('test/refuse', async () => {
    attempts += 1;
    throw new CemiflowError('InputUseless', 'the input holds nothing', { remedy: 'give more', data: { found: 0 } });
  });
  engine.kind('test/crash', async () => {
    attempts += 1;
    throw new TypeError('x is not a function');
  });
  engine.kind<Params>('test/flaky', async ({ name }, context) => {
    attempts += 1;
    if (attempts < 2) throw new CemiflowError('StoreTimeout', 'no answer', { remedy: 'wait', retryable: true });
    return keep(context, { name });
  });
  engine.kind<Params>('test/endless', async (_params, context) => {
    ran.push('endless');
    try {
      for (let step = 0; ; step++) {
        await context.progress({ phase: 'spin', step, steps: 1e9, metrics: { loss: 0.5 } });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      ran.push('endless left');
    }
  });
}, 120_000);

afterAll(() => engine?.stop());

const plan = (experiment: string, ...nodes: Plan['nodes']): Plan => {
  ran = [];
  attempts = 0;
  return { experiment, nodes };
};

const note = (id: string, from: string[] = [], name = id) =>
  node(id, 'test/note', { name, ...(from.length > 0 ? { from: from.map(output) } : {}) });

const failureOf = async (result: Promise<unknown>): Promise<ApplicationFailure> => {
  const error = await result.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof WorkflowFailedError)) throw new Error(`expected the run to fail, got ${error}`);
  return error.cause as ApplicationFailure;
};

test('a node runs after the nodes that it needs, and gets their artifacts', async () => {
  const result = await engine.run(plan('order', note('a'), note('b', ['a']), note('c', ['a']), note('d', ['c', 'b'])));
  expect(ran[0]).toBe('a');
  expect(ran[3]).toBe('d');
  const d = await read(engine.store, result.nodes.d?.outputs.out as ArtifactRef);
  expect(d).toEqual({ name: 'd', saw: ['c', 'b'] });
  expect(result).toMatchObject({ hits: 0, computed: 4 });
});

test('a second run finds everything made and runs nothing', async () => {
  const nodes = () => [note('e'), note('f', ['e'])] as const;
  const first = await engine.run(plan('again', ...nodes()));
  const second = await engine.run(plan('again', ...nodes()));
  expect(ran).toEqual([]);
  expect(second).toMatchObject({ hits: 2, computed: 0 });
  expect(second.nodes.f?.outputs).toEqual(first.nodes.f?.outputs);
});

test('a run goes on from what another run has made', async () => {
  await engine.run(plan('base', note('g'), note('h', ['g'])));
  const result = await engine.run(plan('more', note('g'), note('h', ['g']), note('i', ['h'])));
  expect(ran).toEqual(['i']);
  expect(result.nodes.h?.hit).toBe(true);
});

test('two nodes with the same key run once and share the outputs', async () => {
  const result = await engine.run(
    plan('twins', note('left', [], 'twin'), note('right', [], 'twin'), note('after', ['left', 'right'])),
  );
  expect(ran).toEqual(['twin', 'after']);
  expect(result.nodes.left?.outputs).toEqual(result.nodes.right?.outputs);
});

test('never more than maxParallel stages are under way', async () => {
  const names = ['p1', 'p2', 'p3', 'p4'];
  const handle = await engine.start(plan('bounded', ...names.map((name) => node(name, 'test/gate', { name }))), {
    maxParallel: 2,
  });
  for (const name of names) {
    const open = await until(() => gates.get(name));
    const running = (await engine.progress('bounded')).nodes.filter(({ state }) => state === 'running');
    expect(running.length).toBeLessThanOrEqual(2);
    open();
  }
  await handle.result();
  expect(ran.map((entry) => Number(entry.split(' ')[1]))).toSatisfy((inside: number[]) => Math.max(...inside) === 2);
});

test('where work waits for a worker, that with the longest way behind it is done first', async () => {
  const names = ['s1', 's2', 's3'];
  const holding = await engine.start(plan('holding', ...names.map((name) => node(name, 'test/gate', { name }))));
  const opens = await Promise.all(names.map((name) => until(() => gates.get(name))));
  const chain = [note('long'), note('longer', ['long']), note('longest', ['longer'])];
  const waiting = await engine.start(plan('waiting', ...['x1', 'x2', 'x3', 'x4'].map((id) => note(id)), ...chain));
  await until(async () => (await waiting.describe()).raw.pendingActivities?.length === 5);
  opens[0]?.();
  await waiting.result();
  expect(ran[0]).toBe('long');
  for (const open of opens) open();
  await holding.result();
});

test('a failed stage leaves the rest running, blocks what needs it, and the run waits for a person', async () => {
  const broken = node('broken', 'test/refuse');
  await engine.start(
    plan(
      'partial',
      broken,
      note('needs', ['broken']),
      note('needs2', ['needs']),
      note('free'),
      note('free2', ['free']),
    ),
  );
  const { nodes } = await engine.untilState('partial', 'needs attention');
  expect(ran).toEqual(['free', 'free2']);
  expect(nodes.map(({ id, state }) => [id, state])).toEqual([
    ['broken', 'failed'],
    ['needs', 'blocked'],
    ['needs2', 'blocked'],
    ['free', 'done'],
    ['free2', 'done'],
  ]);
  expect(nodes[0]?.failure).toMatchObject({
    code: 'InputUseless',
    message: 'the input holds nothing',
    remedy: 'give more',
  });
  expect(attempts).toBe(1);
});

test('trouble that may pass is tried again', async () => {
  const result = await engine.run(plan('retried', node('flaky', 'test/flaky', { name: 'flaky' })));
  expect(attempts).toBe(2);
  expect(result.computed).toBe(1);
  const { nodes } = await engine.progress('retried');
  expect(nodes[0]).toMatchObject({ attempts: 2, lostSeconds: expect.any(Number) });
});

test('stages are told how long their workers may be silent, and when checkpoints are due', async () => {
  const handle = await engine.start(plan('told', note('told')), {
    heartbeatSeconds: 7,
    checkpoint: { everySeconds: 3, everySteps: 100 },
  });
  await handle.result();
  const { events } = await handle.fetchHistory();
  const scheduled = events?.map((event) => event.activityTaskScheduledEventAttributes);
  const stage = scheduled?.find((attributes) => attributes?.activityType?.name === 'runStage');
  expect(Number(stage?.heartbeatTimeout?.seconds)).toBe(7);
  const [task] = stage?.input?.payloads ?? [];
  expect(JSON.parse(Buffer.from(task?.data ?? []).toString())).toMatchObject({
    nodeId: 'told',
    checkpoint: { everySeconds: 3, everySteps: 100 },
  });
});

test('a bug in a stage is not tried again', async () => {
  await engine.start(plan('buggy', node('crash', 'test/crash')));
  const { nodes } = await engine.untilState('buggy', 'needs attention');
  expect(nodes[0]?.failure).toMatchObject({ code: 'StageCrashed', message: 'TypeError: x is not a function' });
  expect(attempts).toBe(1);
});

test('a worker whose code differs from the planned code refuses the stage', async () => {
  const old = node('old', 'test/note', { name: 'old' }, { code: digestOf('code of last week') });
  await engine.start(plan('stale', old));
  const { nodes } = await engine.untilState('stale', 'needs attention');
  expect(nodes[0]?.failure).toMatchObject({ code: 'CodeChanged', remedy: expect.stringContaining('run') });
  expect(ran).toEqual([]);
});

test('starting a run that is under way attaches to it', async () => {
  const thePlan = plan('attached', node('slow', 'test/gate', { name: 'slow' }));
  const first = await engine.start(thePlan);
  const open = await until(() => gates.get('slow'));
  const second = await engine.start(thePlan);
  open();
  expect(await second.result()).toEqual(await first.result());
  expect(ran).toEqual(['slow 1']);
});

test('progress shows states, and pending activities carry the heartbeat', async () => {
  const handle = await engine.start(
    plan('seen', node('spin', 'test/endless', { name: 'seen' }), note('later', ['spin'])),
  );
  await until(() => ran.includes('endless'));
  const { nodes } = await engine.progress('seen');
  expect(nodes).toMatchObject([
    { id: 'spin', state: 'running', startedAtMs: expect.any(Number), waitsFor: [] },
    { id: 'later', state: 'waiting', waitsFor: ['spin'] },
  ]);
  await until(async () => (await handle.describe()).raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]);
  await handle.cancel();
  await handle.result().catch(() => {});
});

test('cancelling reaches the running stage, waits for it to leave, and ends the run as cancelled', async () => {
  const handle = await engine.start(
    plan('stopped', node('spin', 'test/endless', { name: 'stopped' }), note('never', ['spin'])),
  );
  await until(() => ran.includes('endless'));
  await handle.cancel();
  const error = await handle.result().catch((failure: WorkflowFailedError) => failure);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  expect(ran).toEqual(['endless', 'endless left']);
  expect((await handle.describe()).status.name).toBe('CANCELLED');
});

test('the record of an action leads back to the run, the code and the machine', async () => {
  const result = await engine.run(plan('recorded', note('r')));
  const record = await engine.store.getRecord(result.nodes.r?.key as never);
  expect(record).toMatchObject({
    action: { kind: 'test/note', params: { name: 'r' }, seed: 1 },
    outputs: result.nodes.r?.outputs,
    attempts: [{ attempt: 1, end: 'done', warnings: [] }],
    workflowId: 'recorded',
    machine: { host: 'test' },
  });
  expect(record?.spent.peakMemoryBytes).toBeGreaterThan(1e6);
  expect(await engine.store.getLatest('recorded', 'r')).toEqual({ key: record?.key, action: record?.action });
});

test('a plan over the limit is refused with a typed failure', async () => {
  const big = note('big', [], 'x'.repeat(1_100_000));
  const failure = await failureOf((await engine.start(plan('large', big))).result());
  expect(failure.type).toBe('PlanTooLarge');
});
