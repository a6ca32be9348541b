import { describe, expect, it } from 'vitest';
import { findCycle, levelsOf, readyNodes, topologicalOrder } from '../../core/dag.ts';

const graph = (text: string) =>
  text.split(' ').map((part) => {
    const [id = '', needs = ''] = part.split(':');
    return { id, needs: needs === '' ? [] : needs.split(',') };
  });

describe('the order of a DAG', () => {
  it('puts a vertex after all that it needs, in the order given otherwise', () => {
    expect(levelsOf(graph('d:b,c b:a c:a a e'))).toEqual([['a', 'e'], ['b', 'c'], ['d']]);
    expect(topologicalOrder(graph('z y x:z'))).toEqual(['z', 'y', 'x']);
  });

  it('counts a need that is named twice once', () => {
    expect(topologicalOrder(graph('b:a,a a'))).toEqual(['a', 'b']);
  });

  it('refuses cycles, unknown needs and ids given twice', () => {
    expect(() => levelsOf(graph('a:b b:a'))).toThrowError(/no cycle, got a → b → a/);
    expect(() => levelsOf(graph('a:x'))).toThrowError(/every need must be a vertex, got a needs x/);
    expect(() => levelsOf(graph('a a'))).toThrowError(/unique/);
  });

  it('handles a chain of a hundred thousand', () => {
    const chain = Array.from({ length: 100_000 }, (_, i) => ({ id: `${i}`, needs: i === 0 ? [] : [`${i - 1}`] }));
    expect(topologicalOrder(chain)).toHaveLength(100_000);
    expect(findCycle(chain.reverse())).toBeUndefined();
  });
});

describe('a cycle', () => {
  it('is given as the path that comes back to its start', () => {
    expect(findCycle(graph('a:b b:c c:b'))).toEqual(['b', 'c', 'b']);
    expect(findCycle(graph('a:a'))).toEqual(['a', 'a']);
    expect(findCycle(graph('a:b,c b:d c:d d'))).toBeUndefined();
  });
});

describe('ready vertices', () => {
  it('are those not started whose needs are all done', () => {
    const vertices = graph('a b c:a d:a,b');
    expect(readyNodes(vertices, new Set(), new Set())).toEqual(['a', 'b']);
    expect(readyNodes(vertices, new Set(['a']), new Set(['a', 'b']))).toEqual(['c']);
    expect(readyNodes(vertices, new Set(['a', 'b']), new Set(['a', 'b', 'c']))).toEqual(['d']);
  });
});
