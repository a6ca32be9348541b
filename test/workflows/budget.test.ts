import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Outputs } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { RunEstimates } from '../../core/run-record.ts';
import { Budget } from '../../workflows/budget.ts';
import { Schedule } from '../../workflows/schedule.ts';
import type { ExperimentInput } from '../../workflows/types.ts';
import { type Engine, keep, node, output, startEngine, until } from './harness.ts';

const expecting = (seconds: { readonly [node: string]: number }): RunEstimates =>
  Object.fromEntries(Object.entries(seconds).map(([id, each]) => [id, { seconds: each, by: 'a test' }]));
const made: Outputs = { out: { type: 'metrics', digest: digestOf('made') } };

describe('a budget', () => {
  const plan: Plan = { experiment: 'e', nodes: ['a', 'b', 'c'].map((id) => node(id, 'test/any', { id })) };
  const scheduled = (): Schedule => {
    const schedule = new Schedule(plan);
    schedule.wave();
    return schedule;
  };
  const budgetOf = (more: Partial<ExperimentInput>): Budget => new Budget({ plan, ...more } as ExperimentInput);
  const estimates = expecting({ a: 60, b: 30, c: 10 });

  it('lets nothing wait where there is none', () => {
    expect(budgetOf({ estimates, spentSeconds: 1e9 }).waits(scheduled())).toBeUndefined();
  });

  it('counts what is spent, what is under way and what would be next', () => {
    const [schedule, budget] = [scheduled(), budgetOf({ estimates, budgetSeconds: 95, spentSeconds: 6 })];
    expect(budget.waits(schedule)).toBeUndefined();
    schedule.start('a', 1);
    expect(budget.waits(schedule)).toEqual({ stage: 'b', estimatedSeconds: 30, runningSeconds: 60 });
    // It was quicker than expected.
    schedule.succeed('a', { outputs: made, hit: false }, 2);
    budget.spend(59);
    expect(budget.waits(schedule)).toBeUndefined();
    budget.spend(1);
    expect(budget.progress(schedule)).toEqual({
      spentSeconds: 66,
      budget: { seconds: 95, waits: { stage: 'b', estimatedSeconds: 30, runningSeconds: 0 } },
    });
  });

  it('may be spent to the last second, and is then over also for what was not estimated', () => {
    expect(budgetOf({ budgetSeconds: 60, estimates }).waits(scheduled())).toBeUndefined();
    expect(budgetOf({ budgetSeconds: 60, spentSeconds: 60 }).waits(scheduled())).toBeUndefined();
    expect(budgetOf({ budgetSeconds: 60, spentSeconds: 61 }).waits(scheduled())).toMatchObject({ stage: 'a' });
  });

  it('can be changed, with new estimates for some of the nodes', () => {
    const budget = budgetOf({ estimates });
    budget.set({ seconds: 10, estimates: expecting({ a: 11 }) });
    expect(budget.waits(scheduled())?.estimatedSeconds).toBe(11);
    budget.set({ seconds: 12 });
    expect(budget.waits(scheduled())).toBeUndefined();
  });
});

describe('a run with a budget', () => {
  let engine: Engine;
  let broken = false;
  const ran: string[] = [];
  const takeMs = 300;
  const work = async (name: string): Promise<void> => {
    ran.push(name);
    await new Promise((resolve) => setTimeout(resolve, takeMs));
  };

  beforeAll(async () => {
    engine = await startEngine({ slots: 4 });
    engine.kind<{ name: string }>('test/work', async ({ name }, context) => {
      await work(name);
      return keep(context, { name });
    });
    engine.kind<{ name: string; shards: number }>('test/shards', {
      split: async ({ name, shards }) => Array.from({ length: shards }, (_, i) => ({ name: `${name} ${i}` })),
      runShard: async ({ name }: JsonObject, context) => {
        await work(name as string);
        if (broken && name === 'set 1') throw new CemiflowError('Broken', 'it is broken', { remedy: 'mend it' });
        return keep(context, { name: name as string });
      },
      join: async ({ name }, shards, context) => keep(context, { name, shards: shards.length }),
    });
  }, 120_000);
  afterAll(() => engine?.stop());

  const stage = (id: string, ...needs: string[]) =>
    node(id, 'test/work', { name: id, ...(needs.length > 0 && { from: needs.map(output) }) });

  test('waits before it would exceed it, says why, and goes on with a larger one', async () => {
    ran.length = 0;
    const plan: Plan = { experiment: 'held', nodes: [stage('one'), stage('two', 'one'), stage('three', 'two')] };
    const document = { plan, spec: { path: 'x.yaml' }, startedAt: '2026-01-01T00:00:00+00:00', workflowId: 'held' };
    await engine.store.putRun({ id: 'held', ...document });
    const estimates = expecting({ one: 0.1, two: 0.1, three: 3600 });
    const handle = await engine.start(plan, { budgetSeconds: 60, estimates });
    const { budget, spentSeconds, nodes } = await engine.untilState('held', 'paused');
    expect(budget).toEqual({
      seconds: 60,
      waits: { stage: 'three', estimatedSeconds: 3600, runningSeconds: 0 },
    });
    expect(spentSeconds).toBeGreaterThanOrEqual((2 * takeMs) / 1000);
    expect(spentSeconds).toBeLessThan(30);
    expect(nodes.map(({ state }) => state)).toEqual(['done', 'done', 'ready']);
    const kept = await until(async () => {
      const now = await engine.store.getRun('held');
      return now?.state === 'paused' && now;
    });
    expect(kept).not.toHaveProperty('endedAt');

    await expect(engine.tell('held', 'continue')).rejects.toMatchObject({ type: 'BudgetSpent' });
    await expect(engine.tell('held', 'budget', { seconds: 0 })).rejects.toMatchObject({ type: 'BudgetInvalid' });
    await engine.tell('held', 'budget', { seconds: 7200 });
    await engine.tell('held', 'continue');
    expect(await handle.result()).toMatchObject({ computed: 3 });
    expect(ran).toEqual(['one', 'two', 'three']);
    expect((await engine.store.getRun('held'))?.progress).toMatchObject({ budget: { seconds: 7200 } });
  });

  test('counts each shard once, also those of a stage that fails, and no hit', async () => {
    ran.length = 0;
    broken = true;
    const sharded = node('set', 'test/shards', { name: 'set', shards: 3 }, { sharded: true });
    const handle = await engine.start({ experiment: 'shards', nodes: [stage('one'), sharded] });
    const failed = await engine.untilState('shards', 'needs attention');
    expect(failed.spentSeconds).toBeGreaterThanOrEqual((2 * takeMs) / 1000);
    expect(failed.budget).toBeUndefined();
    broken = false;
    await engine.tell('shards', 'retry', {});
    await handle.result();
    expect(ran.sort()).toEqual(['set 0', 'set 1', 'set 1', 'set 2']);
    const { spentSeconds } = await engine.progress('shards');
    // Both tries at the second shard count.
    expect(spentSeconds - failed.spentSeconds).toBeGreaterThanOrEqual((2 * takeMs) / 1000);
    expect(spentSeconds).toBeLessThan(30);
  });
});
