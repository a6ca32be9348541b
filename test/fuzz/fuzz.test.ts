import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runTarget } from './harness/run-target.ts';
import { loadTarget, moduleOf, targetNames } from './harness/targets.ts';

describe('every parser of untrusted files', () => {
  it.each(targetNames)('%s reads its valid files, and refuses others as it must', async (name) => {
    const { seeds, name: own } = await loadTarget(moduleOf(name));
    expect(own).toBe(name);
    const result = await runTarget(moduleOf(name), { cases: 2000, seed: 7 });
    expect(result.finding, `input in ${result.saved}`).toBeUndefined();
    expect(result.cases).toBe(2000);
    expect(result.codes.read).toBeGreaterThanOrEqual(seeds.length);
    expect(result.cases - (result.codes.read ?? 0)).toBeGreaterThan(200);
  });
});

describe('the fuzzer', () => {
  it.each([
    ['throws', /RangeError: out of bounds/],
    ['hangs', /took over 5000 ms/],
    ['grows', /memory grew by over 512 MiB/],
    ['dies', /the process died/],
    ['mumbles', /a refusal without file and byte/],
  ])('finds a parser that %s, and saves the input', async (name, finding) => {
    const result = await runTarget(new URL(`../fixtures/fuzz/${name}.ts`, import.meta.url), { cases: 500, seed: 1 });
    expect(result.finding).toMatch(finding);
    expect(result.saved).toContain(`${name}-seed1-case${result.cases - 1}`);
    expect(readFileSync(result.saved as string)[0]).not.toBe(0x61);
  });
});
