/** A learning rate that falls where a validation does not get better, as PyTorch's `ReduceLROnPlateau` with its defaults. */
export interface Plateau {
  /** Validations in a row without a better value, after which the next of them lowers the rate. */
  readonly patience: number;
  readonly factor: number;
  /** Ends the training after so many validations without a better value; 0: never. */
  readonly stop: number;
}

/** What counts as better: by one part in ten thousand, PyTorch's `threshold`. */
const better = 1 + 1e-4;

/** The factor of the learning rate after these validations; higher values are better. */
export const plateauFactor = (
  values: readonly number[],
  { patience, factor }: Pick<Plateau, 'patience' | 'factor'>,
): number => {
  let [best, waited, made] = [Number.NEGATIVE_INFINITY, 0, 1];
  for (const value of values) {
    if (best === Number.NEGATIVE_INFINITY || value > best * better) [best, waited] = [value, 0];
    else if (++waited > patience) [made, waited] = [made * factor, 0];
  }
  return made;
};

/** Whether the best value, the first of equals, lies so many validations back that the training ends (IDiff-Face's code: 6). */
export const hasStalled = (values: readonly number[], { stop }: Pick<Plateau, 'stop'>): boolean =>
  stop > 0 && values.length > 0 && values.length - 1 - values.indexOf(Math.max(...values)) >= stop;
