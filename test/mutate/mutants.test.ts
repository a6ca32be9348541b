import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutated, root } from './checkout.ts';
import { mutants } from './mutants.ts';

describe('the mutants', () => {
  it('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it.each(mutants)('$name can be applied, and its tests exist', (mutant) => {
    const source = readFileSync(join(root, mutant.file), 'utf8');
    expect(mutated(source, mutant)).not.toBe(source);
    for (const test of mutant.tests) expect(existsSync(join(root, test)), test).toBe(true);
  });

  it('are refused where their text is not there exactly once, or the result does not parse', () => {
    const mutant = { name: 'a/b', file: 'x.ts', find: 'one', replace: 'two', breaks: '', tests: [] };
    for (const source of ['const a = 1;', 'one; one;'])
      expect(() => mutated(source, mutant)).toThrow(expect.objectContaining({ code: 'MutantInvalid' }));
    expect(() => mutated('one;', { ...mutant, replace: '(' })).toThrow(/does not parse/);
    expect(mutated('one;', { ...mutant, replace: '`$&`' })).toBe('`$&`;');
  });
});
