import { expect, it } from 'vitest';
import { canonicalJson } from '../../core/canonical.ts';
import type { Json } from '../../core/errors.ts';

it('sorts names by code unit, at every depth, and leaves lists as they are', () => {
  const value = { b: [{ z: 1, a: null }, 'x'], a: -0, é: true, Z: 1e21, '10': 'ten', '9': 0.1 };
  expect(canonicalJson(value)).toBe('{"10":"ten","9":0.1,"Z":1e+21,"a":0,"b":[{"a":null,"z":1},"x"],"é":true}');
});

it.each<[string, unknown, string]>([
  ['$.a[1].b', { a: [0, { b: Number.NaN }] }, 'NaN'],
  ['$[0]', [undefined], 'undefined'],
  ['$.when', { when: new Date(0) }, 'object'],
  ['$', () => 1, 'function'],
])('names %s, which is no JSON', (path, value, found) => {
  const failed = expect.objectContaining({ code: 'NotCanonical', data: { path, found } });
  expect(() => canonicalJson(value as Json)).toThrow(failed);
});
