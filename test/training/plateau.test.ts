import { describe, expect, it } from 'vitest';
import { hasStalled, plateauFactor } from '../../training/plateau.ts';
import { cases, golden } from '../golden/values.ts';

const { values, plateaus } = cases.schedules as { values: number[]; plateaus: [patience: number, factor: number][] };

describe('plateau', () => {
  it.each(plateaus.map((plateau, i) => [i, ...plateau] as const))(
    'case %i, patience %i, factor %d: the rate after each validation is that of ReduceLROnPlateau',
    (i, patience, factor) => {
      const wanted = [...(golden('schedules', 'plateau')[i] as Float32Array)];
      const found = values.map((_, at) => plateauFactor(values.slice(0, at + 1), { patience, factor }));
      expect(found.map((value) => Math.fround(value))).toEqual(wanted.map((value) => expect.closeTo(value, 9)));
      expect(new Set(found).size).toBeGreaterThan(1);
    },
  );

  it('is 1 before the first validation', () => {
    expect(plateauFactor([], { patience: 0, factor: 0.1 })).toBe(1);
  });

  it('ends where the best value, the first of equals, lies as many validations back as asked for', () => {
    expect(hasStalled([], { stop: 2 })).toBe(false);
    expect(hasStalled([0.5, 0.7, 0.6], { stop: 2 })).toBe(false);
    expect(hasStalled([0.5, 0.7, 0.7, 0.6], { stop: 2 })).toBe(true);
    expect(hasStalled([0.9, 0.1, 0.1, 0.1], { stop: 0 })).toBe(false);
  });
});
