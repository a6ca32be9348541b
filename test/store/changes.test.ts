import { describe, expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { keyChanges } from '../../store/changes.ts';

const data = { type: 'dataset', digest: digestOf('data') };
const action = {
  kind: 'recognizer/train',
  params: { data, epochs: 3, steps: [1, 2], head: { m: 0.5 } },
  seed: 7,
  code: digestOf('code'),
};

describe('keyChanges', () => {
  it('is empty for equal actions, whatever the order of their keys', () => {
    expect(
      keyChanges(action, { ...action, params: Object.fromEntries(Object.entries(action.params).reverse()) }),
    ).toEqual([]);
  });

  it('names code, seed, kind, changed inputs and nested parameters, with both values', () => {
    const other = { type: 'dataset', digest: digestOf('other') };
    const after = { ...action, seed: 8, params: { ...action.params, data: other, head: { m: 0.6 } } };
    expect(keyChanges(action, after)).toEqual([
      { part: 'params.data.digest', before: data.digest, after: other.digest },
      { part: 'params.head.m', before: 0.5, after: 0.6 },
      { part: 'seed', before: 7, after: 8 },
    ]);
    expect(keyChanges(action, { ...action, code: digestOf('new') }).map(({ part }) => part)).toEqual(['code']);
  });

  it('names parameters that came, went, or changed inside a list', () => {
    const { epochs, ...rest } = action.params;
    const after = { ...action, params: { ...rest, steps: [1, 3], warmup: null } };
    expect(keyChanges(action, after)).toEqual([
      { part: 'params.epochs', before: epochs, after: undefined },
      { part: 'params.steps', before: [1, 2], after: [1, 3] },
      { part: 'params.warmup', before: undefined, after: null },
    ]);
  });
});
