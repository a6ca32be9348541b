import { expect, it } from 'vitest';
import type { PlanNode } from '../../core/plan.ts';
import { repeatsIn } from '../../spec/repeats.ts';
import { node, output } from '../workflows/harness.ts';

const set = (id: string, of: string, more: Partial<PlanNode> = {}): PlanNode =>
  node(id, 'test/set', { from: [output(of)] }, more);

it('nodes that differ in name alone are one action, and so are those that build on them', () => {
  const nodes = [
    node('faces', 'test/faces'),
    set('t2_full', 'faces'),
    set('t8_image_set', 'faces'),
    set('student', 't2_full'),
    set('again', 't8_image_set'),
    set('third', 'again'),
  ];
  expect([...repeatsIn(nodes)]).toEqual([
    ['t8_image_set', 't2_full'],
    ['again', 'student'],
  ]);
});

it('another kind, seed, code, parameter or output makes another action', () => {
  const nodes = [
    node('faces', 'test/faces'),
    set('set', 'faces'),
    node('kind', 'test/other', { from: [output('faces')] }),
    set('seed', 'faces', { seed: 2 }),
    set('code', 'faces', { code: node('x', 'test/other').code }),
    node('parameter', 'test/set', { from: [output('faces')], size: 2 }),
    node('output', 'test/set', { from: [{ $node: 'faces', $output: 'log' }] }),
  ];
  expect(repeatsIn(nodes).size).toBe(0);
});

it('of files that are not there, the path says which they are', () => {
  const files = (id: string, path: string): PlanNode =>
    node(id, 'data/import', {}, { places: { path: { path, written: path } } });
  const nodes = [files('a', '/one'), files('b', '/two'), files('c', '/one')];
  const absent = new Map(nodes.map(({ id }) => [id, 'missing']));
  expect([...repeatsIn(nodes, absent)]).toEqual([['c', 'a']]);
  expect([...repeatsIn(nodes)]).toHaveLength(2);
});
