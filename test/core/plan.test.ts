import { describe, expect, it } from 'vitest';
import { actionKey } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import { dependenciesOf, type PlanNode, planDigest, toAction } from '../../core/plan.ts';
import { roleFor, taskQueue } from '../../core/queues.ts';
import { shardRanges, wholeBatches } from '../../core/shards.ts';

const node = (params: PlanNode['params']): PlanNode => ({
  ...{ id: 'n', stage: 'n', kind: 'a/b', matrix: {}, params, seed: 1, code: digestOf('code') },
  ...{ resource: 'cpu', sharded: false, outputs: { data: 'dataset' } },
});
const ref = ($node: string) => ({ $node, $output: 'data' });
const artifact = (name: string) => ({ type: 'dataset' as const, digest: digestOf(name) });

describe('a node becomes an action', () => {
  const using = node({ data: ref('a'), list: [{ matrix: { m: 1 }, artifact: ref('b') }], size: 3 });

  it('by the artifacts that its references resolved to', () => {
    const outputs = new Map([
      ['a', { data: artifact('A') }],
      ['b', { data: artifact('B') }],
    ]);
    expect(dependenciesOf(using)).toEqual(['a', 'b']);
    expect(toAction(using, outputs).params).toEqual({
      data: artifact('A'),
      list: [{ matrix: { m: 1 }, artifact: artifact('B') }],
      size: 3,
    });
  });

  it('with another key for other inputs, parameters, seed and code', () => {
    const outputs = (a: string) =>
      new Map([
        ['a', { data: artifact(a) }],
        ['b', { data: artifact('B') }],
      ]);
    const keys = [
      actionKey(toAction(using, outputs('A'))),
      actionKey(toAction(using, outputs('C'))),
      actionKey(toAction({ ...using, params: { ...using.params, size: 4 } }, outputs('A'))),
      actionKey(toAction({ ...using, seed: 2 }, outputs('A'))),
      actionKey(toAction({ ...using, code: digestOf('other') }, outputs('A'))),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(actionKey(toAction({ ...using, id: 'other', matrix: { m: 1 } }, outputs('A')))).toBe(keys[0]);
  });

  it('not while an output is missing', () => {
    expect(() => toAction(using, new Map())).toThrowError(/n needs output data of a, which is not there/);
  });

  it('the digest of a plan does not depend on the order of keys', () => {
    const plan = (params: PlanNode['params']) => planDigest({ experiment: 'e', nodes: [node(params)] });
    expect(plan({ a: 1, b: 2 })).toBe(plan({ b: 2, a: 1 }));
    expect(plan({ a: 1 })).not.toBe(plan({ a: 2 }));
  });
});

describe('shards', () => {
  it('cut at fixed boundaries: a grown set keeps its first shards', () => {
    expect(shardRanges(10, 4)).toEqual([
      { from: 0, count: 4 },
      { from: 4, count: 4 },
      { from: 8, count: 2 },
    ]);
    expect(shardRanges(16, 4).slice(0, 2)).toEqual(shardRanges(8, 4));
    expect(shardRanges(0, 4)).toEqual([]);
    expect(() => shardRanges(4, 0)).toThrowError(/at least 1/);
    expect(() => shardRanges(-1, 4)).toThrowError(/at least 0/);
  });

  it('begin where a batch begins, if shards of that size are allowed', () => {
    expect(wholeBatches(50, { images: 8, batch: 64 })).toBe(48);
    expect(wholeBatches(100, { images: 50, batch: 64 })).toBe(96);
    expect(wholeBatches(64, { images: 5, batch: 64 })).toBe(64);
    expect(wholeBatches(63, { images: 5, batch: 64 })).toBe(63);
    expect(wholeBatches(7, { images: 64, batch: 16 })).toBe(7);
    expect(wholeBatches(7, { images: 0, batch: 16 })).toBe(7);
  });
});

describe('task queues', () => {
  it('are named by role and build', () => {
    const build = digestOf('build');
    expect(taskQueue('cpu', build)).toMatch(/^cemiflow-cpu-[0-9a-f]{12}$/);
    expect(taskQueue('cpu', build)).not.toBe(taskQueue('cpu', digestOf('other')));
    expect([roleFor('tensor', 'gpu'), roleFor('tensor', 'cpu'), roleFor('cpu', 'gpu')]).toEqual(['gpu', 'cpu', 'cpu']);
  });
});
