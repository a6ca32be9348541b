/**
 * People that a set of images shows, so that two sets can be compared: numbers `first` … `first + count - 1` of a namespace in
 * which a number is always the same person.
 */
export type People = {
  readonly namespace: string;
  readonly first: number;
  readonly count: number;
};

/** The people whom a seed draws for a population. */
export const drawnPeople = (seed: number, population: string, first: number, count: number): People => ({
  namespace: `drawn/${seed}/${population}`,
  first,
  count,
});

/** How many people are in both. */
export const sharedPeople = (a: readonly People[], b: readonly People[]): number =>
  a.reduce((sum, each) => sum + b.reduce((inner, other) => inner + overlap(each, other), 0), 0);

const overlap = (a: People, b: People): number =>
  a.namespace === b.namespace
    ? Math.max(0, Math.min(a.first + a.count, b.first + b.count) - Math.max(a.first, b.first))
    : 0;

/** File of a dataset whose people have names: a JSON list, at the place of each its name. */
export const namesFile = 'identities.json';
