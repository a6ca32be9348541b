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

/** The seed and population of a namespace of `drawnPeople`; undefined of any other. */
export const drawnFrom = (namespace: string): { readonly seed: number; readonly population: string } | undefined => {
  const [, seed, population] = /^drawn\/(-?\d+)\/([^/]+)$/.exec(namespace) ?? [];
  return population === undefined ? undefined : { seed: Number(seed), population };
};

/**
 * The people who are left in part of a set. Where the set's identities are the numbers of its people, those who are kept, in runs;
 * otherwise all, because nothing says who is who.
 *
 * @param kept identities of the part @param identities how many the whole set has
 */
export const keptPeople = (
  people: readonly People[],
  kept: ReadonlySet<number>,
  identities: number,
): readonly People[] => {
  const [all, ...others] = people;
  const sorted = [...kept].sort((a, b) => a - b);
  const isNumbered = all?.count === identities && sorted.every((number) => isIn(all, number));
  if (!all || others.length > 0 || !isNumbered) return people;
  const runs: { namespace: string; first: number; count: number }[] = [];
  for (const number of sorted) {
    const last = runs.at(-1);
    if (last && last.first + last.count === number) last.count++;
    else runs.push({ namespace: all.namespace, first: number, count: 1 });
  }
  return runs;
};

const isIn = ({ first, count }: People, number: number): boolean => number >= first && number < first + count;

/** How many people are in both. */
export const sharedPeople = (a: readonly People[], b: readonly People[]): number =>
  a.reduce((sum, each) => sum + b.reduce((inner, other) => inner + overlap(each, other), 0), 0);

const overlap = (a: People, b: People): number =>
  a.namespace === b.namespace
    ? Math.max(0, Math.min(a.first + a.count, b.first + b.count) - Math.max(a.first, b.first))
    : 0;

/** File of a dataset whose people have names: a JSON list, at the place of each its name; empty for those who are not in the set. */
export const namesFile = 'identities.json';
