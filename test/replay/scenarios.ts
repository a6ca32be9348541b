import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { PlanNode } from '../../core/plan.ts';
import type { StageContext } from '../../core/stage.ts';
import { contentKey } from '../../store/blobs.ts';
import type { ExperimentInput, ExperimentResult } from '../../workflows/types.ts';
import { type Engine, keep, node, output, read, until } from '../workflows/harness.ts';

/** One way that a run can go, from its start to its end. */
export interface Scenario {
  readonly name: string;
  /** @returns the ids of the runs that it was about */
  play(stage: Stage): Promise<readonly string[]>;
}

/** An engine whose kinds do what a scenario wants. */
export interface Stage {
  readonly engine: Engine;
  /** Names that fail. */
  readonly broken: Set<string>;
  /** Names of notes and shards that wait like stages of the kind `test/gate`. */
  readonly held: Set<string>;
  /** How to let what waits go on, once it runs. */
  readonly gates: Map<string, () => void>;
}

export const setStage = (engine: Engine): Stage => {
  const broken = new Set<string>();
  const held = new Set<string>();
  const gates = new Map<string, () => void>();
  const wait = async (name: string, context: StageContext): Promise<void> => {
    let open = false;
    gates.set(name, () => {
      open = true;
    });
    while (!open) {
      await context.progress({ phase: name, step: 0, steps: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const note = async (
    { name, from = [] }: JsonObject & { name: string; from?: ArtifactRef[] },
    context: StageContext,
  ) => {
    if (broken.has(name)) throw new CemiflowError('Broken', `${name} is broken`, { remedy: 'mend it' });
    if (held.has(name)) await wait(name, context);
    const inputs = await Promise.all(from.map((ref) => read(context.store, ref)));
    return keep(context, { name, saw: inputs.map((input) => input.name as string) });
  };
  engine.kind('test/note', note);
  engine.kind<{ name: string }>('test/gate', async ({ name }, context) => {
    await wait(name, context);
    return keep(context, { name });
  });
  engine.kind<{ name: string; shards: number }>('test/shards', {
    split: async ({ name, shards }) => Array.from({ length: shards }, (_, i) => ({ name: `${name} ${i}` })),
    runShard: note as never,
    join: async ({ name }, shards: readonly Outputs[], context) => {
      const made = await Promise.all(shards.map((shard) => read(context.store, shard.out as ArtifactRef)));
      return keep(context, { name, shards: made.map((shard) => shard.name as string) });
    },
  });
  return { engine, broken, held, gates };
};

const note = (id: string, from: string[] = []): PlanNode =>
  node(id, 'test/note', { name: id, ...(from.length > 0 ? { from: from.map(output) } : {}) });
const shards = (id: string, count: number): PlanNode =>
  node(id, 'test/shards', { name: id, shards: count }, { sharded: true });
const gate = (id: string): PlanNode => node(id, 'test/gate', { name: id });

const start = ({ engine }: Stage, runId: string, nodes: PlanNode[], options: Partial<ExperimentInput> = {}) =>
  engine.start({ experiment: runId, nodes }, options);
const end = async (stage: Stage, ...args: [string, PlanNode[], Partial<ExperimentInput>?]): Promise<ExperimentResult> =>
  (await (await start(stage, ...args)).result()) as ExperimentResult;
const opened = async ({ gates }: Stage, name: string): Promise<void> => (await until(() => gates.get(name)))();
/** Overwrites the blob of a node's output by other bytes. */
const spoil = async ({ engine }: Stage, result: ExperimentResult, id: string): Promise<void> => {
  const { files } = await engine.store.getArtifact(result.nodes[id]?.outputs.out as ArtifactRef);
  for (const { digest } of files)
    await engine.store.objects.put(contentKey('blobs', digest), Buffer.from('others'), { overwrite: true });
};

/** Every path through the workflows. Names of stages differ, so that none finds what another has made. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'plain, then all hits',
    play: async (stage) => {
      const nodes = [note('a'), note('b', ['a']), note('c', ['a']), shards('d', 3), note('e', ['b', 'c', 'd'])];
      await end(stage, 'plain', nodes, { checkpoint: { everySeconds: 5 }, heartbeatSeconds: 30 });
      await end(stage, 'hits', nodes);
      return ['plain', 'hits'];
    },
  },
  {
    name: 'a long sharded stage continues as new',
    play: async (stage) => {
      await end(stage, 'long', [shards('l', 14)], { maxParallel: 2, maxEvents: 40 });
      return ['long'];
    },
  },
  {
    name: 'failures and retries',
    play: async (stage) => {
      for (const name of ['f', 'p 1']) stage.broken.add(name);
      const handle = await start(stage, 'retried', [note('f'), note('g', ['f']), shards('p', 4)]);
      await stage.engine.untilState('retried', 'needs attention');
      await stage.engine.tell('retried', 'retry', { stages: ['f'] });
      await stage.engine.untilState('retried', 'needs attention');
      stage.broken.clear();
      await stage.engine.tell('retried', 'retry', {});
      await handle.result();
      return ['retried'];
    },
  },
  {
    name: 'a stage is skipped, and a report is made without it',
    play: async (stage) => {
      stage.broken.add('s');
      const report: PlanNode = { ...note('r', ['s', 't', 'u']), outputs: { out: 'report' } };
      const handle = await start(stage, 'skipped', [note('s'), note('t'), note('u', ['s']), report]);
      await stage.engine.untilState('skipped', 'needs attention');
      await stage.engine.tell('skipped', 'skip', { stages: ['s'], because: 'no time' });
      await handle.result();
      stage.broken.clear();
      return ['skipped'];
    },
  },
  {
    name: 'aborted while stages are under way',
    play: async (stage) => {
      const handle = await start(stage, 'aborted', [gate('abort gate'), note('never', ['abort gate'])]);
      await until(() => stage.gates.get('abort gate'));
      await stage.engine.tell('aborted', 'abort', { because: 'wrong seed' });
      await handle.result().catch(() => {});
      return ['aborted'];
    },
  },
  {
    name: 'paused and continued',
    play: async (stage) => {
      stage.held.add('q 0');
      const nodes = [gate('pause gate'), note('h', ['pause gate']), shards('q', 3)];
      const handle = await start(stage, 'paused', nodes, { maxParallel: 2 });
      for (const name of ['pause gate', 'q 0']) await until(() => stage.gates.get(name));
      await stage.engine.tell('paused', 'pause');
      for (const name of ['pause gate', 'q 0']) await opened(stage, name);
      await until(async () => (await stage.engine.progress('paused')).nodes[0]?.state === 'done');
      await stage.engine.tell('paused', 'continue');
      await handle.result();
      return ['paused'];
    },
  },
  {
    name: 'a budget holds a run until it is raised',
    play: async (stage) => {
      const by = 'a test';
      const estimates = { k: { seconds: 60, by }, m: { seconds: 60, by }, n: { seconds: 600, by } };
      const costs = { budgetSeconds: 30, estimates };
      const handle = await start(stage, 'held', [note('k'), shards('m', 2), note('n', ['k', 'm'])], costs);
      await stage.engine.untilState('held', 'paused');
      await stage.engine.tell('held', 'budget', { seconds: 100 });
      await until(async () => (await stage.engine.progress('held')).nodes[1]?.state === 'done');
      await stage.engine.untilState('held', 'paused');
      await stage.engine.tell('held', 'budget', { seconds: 3600, estimates });
      await stage.engine.tell('held', 'continue');
      await handle.result();
      return ['held'];
    },
  },
  {
    name: 'cancelled while stages are under way',
    play: async (stage) => {
      const handle = await start(stage, 'cancelled', [gate('cancel gate'), note('i', ['cancel gate'])]);
      await until(() => stage.gates.get('cancel gate'));
      await handle.cancel();
      await handle.result().catch(() => {});
      return ['cancelled'];
    },
  },
  {
    name: 'damaged inputs and shards are made anew',
    play: async (stage) => {
      const made = await end(stage, 'sound', [note('v'), note('w', ['v']), shards('x', 3), note('x 1')]);
      await spoil(stage, made, 'w');
      // A shard of `x` and this node make the same bytes.
      await spoil(stage, made, 'x 1');
      const again = node('x again', 'test/shards', { name: 'x', shards: 3, again: true }, { sharded: true });
      await end(stage, 'damaged', [note('v'), note('w', ['v']), note('y', ['w']), again]);
      return ['damaged'];
    },
  },
  {
    name: 'a damaged document is written anew',
    play: async (stage) => {
      await stage.engine.store.objects.put('runs/spoiled', Buffer.from('{'), { overwrite: true });
      await end(stage, 'spoiled', [note('z')]);
      return ['spoiled'];
    },
  },
];
