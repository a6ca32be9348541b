import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { PlanNode } from '../../core/plan.ts';
import { fsck, gc } from '../../store/index.ts';
import { type Engine, keep, node, output, read, startEngine } from './harness.ts';

/**
 * A sweep without grace, again and again, beside a run half of whose actions are found made in what the sweep is after: those of
 * a run that was given up.
 */
let engine: Engine;
const trials = 20;

beforeAll(async () => {
  engine = await startEngine({ slots: 4 });
  // Half of the bytes are the same in all trials, so that writers find them there and rely on them.
  engine.kind('draw', async (params: JsonObject, context) => {
    const same = digestOf(`same ${params.name}`);
    await pause(5);
    return keep(context, { same });
  });
  engine.kind('grow', async ({ from }: { from: JsonObject }, context) => {
    const { same } = await read(context.store, from as unknown as ArtifactRef);
    await pause(5);
    return keep(context, { grown: same as string });
  });
  engine.kind<{ count: number }>('cut', {
    split: async ({ count }) => Array.from({ length: count }, (_, index) => ({ index })),
    runShard: async ({ index }, context) => {
      await pause(5);
      return keep(context, { shard: index as number });
    },
    join: async ({ count }, shards, context) => {
      const values = await Promise.all(shards.map(({ out }) => read(context.store, out as ArtifactRef)));
      return keep(context, { count, shards: values });
    },
  });
}, 120_000);

afterAll(() => engine?.stop());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Every second node is one of every trial. */
const planOf = (trial: number): PlanNode[] => {
  const nodes: PlanNode[] = [];
  for (let i = 0; i < 4; i++) {
    const salt: JsonObject = i % 2 === 0 ? {} : { trial };
    nodes.push(node(`draw${i}`, 'draw', { name: i, ...salt }));
    nodes.push(node(`grow${i}`, 'grow', { from: output(`draw${i}`), ...salt }));
  }
  nodes.push(node('cut', 'cut', { count: 6, ...(trial % 2 === 0 ? {} : { trial }) }, { sharded: true }));
  return nodes;
};

it(`loses nothing of ${trials} runs that it sweeps beside`, { timeout: 300_000 }, async () => {
  const { store } = engine;
  let [sweeps, removed] = [0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const runId = `swept-${trial}`;
    const plan = { experiment: runId, nodes: planOf(trial) };
    const startedAt = '2026-01-01T00:00:00+00:00';
    await store.putRun({ id: runId, plan, spec: { path: '/s' }, startedAt, workflowId: runId, state: 'running' });
    await store.sweeps.settled();
    if (trial > 0) await store.removeRun(`swept-${trial - 1}`);
    let isOver = false;
    const sweeping = (async () => {
      while (!isOver) {
        const { garbage } = await gc(store, { graceSeconds: 0, dryRun: false });
        sweeps += 1;
        removed += Object.values(garbage).reduce((sum, { objects }) => sum + objects, 0);
        // Writers wait for the end of a sweep: without a pause they would never get on.
        await pause(20 * (trial % 5));
      }
    })();
    const { nodes } = await engine.run(plan).finally(() => {
      isOver = true;
    });
    await sweeping;
    expect(Object.keys(nodes)).toHaveLength(plan.nodes.length);
    for (const [id, { outputs }] of Object.entries(nodes))
      expect(await store.isWhole(outputs.out as ArtifactRef), id).toBe(true);
    expect((await fsck(store.objects)).flaws).toEqual([]);
    expect((await store.getRun(runId))?.root).toMatch(/^sha256:/);
  }
  // The trial tried something: sweeps ran beside the runs, and took what the runs before had left.
  expect(sweeps).toBeGreaterThan(trials);
  expect(removed).toBeGreaterThan(trials * 10);
});
