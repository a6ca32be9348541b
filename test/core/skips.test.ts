import { describe, expect, it } from 'vitest';
import { withoutNodes } from '../../core/skips.ts';

const ref = (node: string) => ({ $node: node, $output: 'out' });
const without = (params: Parameters<typeof withoutNodes>[0], ...nodes: string[]) =>
  withoutNodes(params, new Set(nodes));

describe('params of a node that is made without some inputs', () => {
  it('lose the innermost entry of a list that holds one', () => {
    const list = [
      { matrix: { m: 0 }, artifact: ref('a') },
      { matrix: { m: 1 }, artifact: ref('b') },
    ];
    expect(without({ rows: [{ label: 'all', metrics: list }] }, 'a')).toEqual({
      rows: [{ label: 'all', metrics: [list[1]] }],
    });
  });

  it('lose an entry whose whole list is gone, or that names one outside a list', () => {
    const rows = [
      { label: 'one', metrics: ref('a') },
      { label: 'many', metrics: [{ artifact: ref('a') }, { artifact: ref('b') }] },
      { label: 'other', metrics: ref('c') },
    ];
    expect(without({ rows }, 'a', 'b')).toEqual({ rows: [rows[2]] });
  });

  it('get null for a param that cannot stand without it, and an empty list for a list', () => {
    const params = { title: 't', grid: { data: ref('a'), rows: 8 }, rows: [{ data: ref('a') }], all: [ref('a')] };
    expect(without(params, 'a')).toEqual({ title: 't', grid: null, rows: [], all: [] });
  });

  it('stay as they are where they name none of them', () => {
    const params = { title: '', empty: [], none: null, deep: { list: [[], ref('a'), 1] } };
    expect(without(params, 'b')).toEqual(params);
  });
});
