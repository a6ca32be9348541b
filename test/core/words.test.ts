import { expect, test } from 'vitest';
import { nounFor, plural } from '../../core/words.ts';

test('a count of one has its noun in the singular, every other count in the plural', () => {
  expect([0, 1, 2].map((count) => plural(count, 'stage'))).toEqual(['0 stages', '1 stage', '2 stages']);
  expect([1, 3].map((count) => plural(count, 'identity', 'identities'))).toEqual(['1 identity', '3 identities']);
});

test('a noun alone goes with its count, for counts that are printed in another form', () => {
  expect([0, 1, 2500].map((count) => nounFor(count, 'identity', 'identities'))).toEqual([
    'identities',
    'identity',
    'identities',
  ]);
});
