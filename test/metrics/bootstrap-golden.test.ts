import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pairedBootstrap } from '../../metrics/bootstrap/index.ts';
import { holm } from '../../metrics/holm.ts';
import type { PairScores } from '../../metrics/verification.ts';

interface Case {
  readonly name: string;
  /** Sizes of the folds of each set. */
  readonly sets: { readonly [set: string]: readonly number[] };
  readonly runs: readonly (readonly number[])[];
  readonly skill: readonly number[];
  readonly byFold?: boolean;
  readonly resamples: number;
  readonly seed: number;
  readonly designEffect: number;
  readonly std: number;
  readonly estimates: readonly (readonly [mean: number, lowest: number, highest: number])[];
  readonly contrasts: readonly {
    readonly first: number;
    readonly second: number;
    readonly difference: number;
    readonly alone: readonly [number, number];
    readonly together: readonly [number, number];
    readonly p: number;
    readonly holm: number;
  }[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/bootstrap.json', import.meta.url), 'utf8')) as Case[];

/** The formula of `test/golden/bootstrap.py`. */
const scores = (sizes: readonly number[], run: number, skill: number, byFold = false): PairScores => {
  let state = run * 7919 + 12345;
  const rows = sizes.flatMap((size, fold) =>
    Array.from({ length: size }, (_, i) => {
      state = (state * 48271) % 2147483647;
      const gain = i % 2 === 1 ? 0 : byFold && fold === 1 ? 0 : skill;
      return { fold, same: i % 2, distance: Math.floor(64 * (0.5 + (2 * state) / 2147483647 + gain)) / 64 };
    }),
  );
  return {
    distance: Float32Array.from(rows, ({ distance }) => distance),
    same: Uint8Array.from(rows, ({ same }) => same),
    fold: Int32Array.from(rows, ({ fold }) => fold),
  };
};

it.each(golden)('the bootstrap and Holm’s correction are those of NumPy and statsmodels: $name', (wanted) => {
  const names = Object.keys(wanted.sets).sort();
  const recognizers = wanted.runs.map((runs, i) =>
    runs.map((run) =>
      Object.fromEntries(
        names.map((name, s) => [
          name,
          scores(wanted.sets[name] as number[], run + 100 * s, wanted.skill[i] as number, wanted.byFold),
        ]),
      ),
    ),
  );
  const { resamples, seed } = wanted;
  const found = pairedBootstrap(recognizers, seed, { resamples });
  expect(found.designEffect).toBeCloseTo(wanted.designEffect, 10);
  expect(found.training?.std ?? 0).toBeCloseTo(wanted.std, 12);
  found.estimates.forEach(({ mean, lowest, highest }, i) => {
    for (const [k, value] of [mean, lowest, highest].entries())
      expect(value).toBeCloseTo(wanted.estimates[i]?.[k] as number, 11);
  });
  const compared = wanted.contrasts.map(({ first, second }) => found.between(first, second));
  const corrected = holm(compared.map(({ p }) => p));
  wanted.contrasts.forEach(({ difference, alone, together, p, holm: adjusted }, i) => {
    const own = compared[i] as (typeof compared)[number];
    expect(own.difference).toBeCloseTo(difference, 12);
    expect([own.p, corrected[i]]).toEqual([expect.closeTo(p, 12), expect.closeTo(adjusted, 12)]);
    for (const [ends, wantedEnds] of [
      [own.alone, alone],
      [own.together, together],
    ] as const) {
      expect(ends.lowest).toBeCloseTo(wantedEnds[0], 10);
      expect(ends.highest).toBeCloseTo(wantedEnds[1], 10);
    }
  });
});
