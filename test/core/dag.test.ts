import { describe, expect, it } from 'vitest';
import { findCycle, levelsOf, longestWays, topologicalOrder } from '../../core/dag.ts';

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

  it('has as many vertices on the longest way from each as are behind it, and itself', () => {
    expect(Object.fromEntries(longestWays(graph('a e b:a c:a d:b,c f:d,a')))).toEqual({
      a: 4,
      e: 1,
      b: 3,
      c: 3,
      d: 2,
      f: 1,
    });
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
