/** A small fault put into the code, which the tests must notice. */
export interface Mutant {
  /** `area/what`, unique. */
  readonly name: string;
  /** Relative to the root of the checkout. */
  readonly file: string;
  /** Text of the file, found exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What is wrong with the result. */
  readonly breaks: string;
  /** Test files, of which at least one test must fail. */
  readonly tests: readonly string[];
}

/** Text that a mutant puts in the place of other text. */
type Change = Pick<Mutant, 'name' | 'find' | 'replace' | 'breaks'>;

/** Mutants of one file, which the same tests must notice. */
export const mutantsOf = (file: string, tests: readonly string[], changes: readonly Change[]): Mutant[] =>
  changes.map((change) => ({ file, tests, ...change }));
