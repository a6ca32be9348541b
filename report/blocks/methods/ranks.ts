/** Ranks from 1, the highest value; equal values share the better rank. */
export const ranksOf = (values: readonly number[]): number[] =>
  values.map((value) => 1 + values.filter((other) => other > value).length);

/** Two orders of the same things, pair by pair. */
export interface Agreement {
  readonly pairs: number;
  /** Pairs that both orders have the same way round. */
  readonly agreeing: number;
  /** The other pairs, equal ones here among them: first the one that is ahead in the second order. */
  readonly turned: readonly (readonly [ahead: number, behind: number])[];
  /** Kendall's τ: agreeing minus opposite pairs, divided by all pairs. */
  readonly tau: number;
}

/** Compares our values with those of the print. Pairs that the print has equal are left out: they have no order to agree with. */
export const agreementOf = (ours: readonly number[], printed: readonly number[]): Agreement => {
  const value = (of: readonly number[], i: number): number => of[i] as number;
  const pairs = ours.flatMap((_, i) =>
    ours.flatMap((_, j): [number, number][] => (value(printed, i) > value(printed, j) ? [[i, j]] : [])),
  );
  const turned = pairs.filter(([ahead, behind]) => value(ours, ahead) <= value(ours, behind));
  const opposite = pairs.filter(([ahead, behind]) => value(ours, ahead) < value(ours, behind)).length;
  const agreeing = pairs.length - turned.length;
  return { pairs: pairs.length, agreeing, turned, tau: pairs.length === 0 ? 0 : (agreeing - opposite) / pairs.length };
};
