import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { StageContext } from '../../core/stage.ts';
import { type Engine, keep, node, output, read, startEngine } from './harness.ts';

let engine: Engine;
let ran: string[] = [];
let bad = -1;

interface Params extends JsonObject {
  total: number;
}
interface Part extends JsonObject {
  from: number;
}

beforeAll(async () => {
  engine = await startEngine({ slots: 2 });
  engine.kind<Params>('test/parts', {
    split: async ({ total }) => Array.from({ length: total }, (_, from): Part => ({ from })),
    runPart: async (part: JsonObject, context: StageContext) => {
      ran.push(`part ${part.from}`);
      if (part.from === bad) throw new CemiflowError('PartUseless', 'a bad part', { remedy: 'mend it' });
      return keep(context, { value: Number(part.from) * 10 });
    },
    join: async (_params: Params, parts: readonly Outputs[], context: StageContext) => {
      ran.push('join');
      const values = await Promise.all(parts.map((part) => read(context.store, part.out as ArtifactRef)));
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
  bad = -1;
});

const plan = (experiment: string, total: number): Plan => ({
  experiment,
  nodes: [node('set', 'test/parts', { total }, { sharded: true }), node('sum', 'test/sum', { of: output('set') })],
});

test('a sharded stage runs every part and joins them in order', async () => {
  const result = await engine.run(plan('three', 3), { maxParallel: 2 });
  expect([...ran].sort()).toEqual(['join', 'part 0', 'part 1', 'part 2']);
  expect(await read(engine.store, result.nodes.set?.outputs.out as ArtifactRef)).toEqual({ values: [0, 10, 20] });
  expect(await read(engine.store, result.nodes.sum?.outputs.out as ArtifactRef)).toEqual({ sum: 30 });
});

test('a set that grew makes only the new parts', async () => {
  await engine.run(plan('three', 3));
  ran = [];
  const result = await engine.run(plan('five', 5));
  expect([...ran].sort()).toEqual(['join', 'part 3', 'part 4']);
  expect(await read(engine.store, result.nodes.sum?.outputs.out as ArtifactRef)).toEqual({ sum: 100 });
});

test('a part that fails leaves the other parts made, and a later run makes only the missing one', async () => {
  bad = 6;
  const error = await engine.run(plan('eight', 8)).catch((failure: WorkflowFailedError) => failure);
  expect(String((error as WorkflowFailedError).cause?.message)).toBe('1 stage failed: set (PartUseless)');
  ran = [];
  bad = -1;
  await engine.run(plan('eight', 8));
  expect([...ran].sort()).toEqual(['join', 'part 6']);
});
