/**
 * Whether counts of equally likely outcomes are what chance gives. Draws are seeded, so a test either always passes or always fails.
 *
 * @returns χ² divided by its quantile of 99.9 %: above 1, the outcomes are not equally likely
 */
export const unevenness = (counts: readonly number[]): number => {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return statistic / quantile(counts.length - 1);
};

/** Wilson and Hilferty 1931: within 1 % from two degrees of freedom on. */
const quantile = (degrees: number): number => {
  const part = 2 / (9 * degrees);
  return degrees * (1 - part + 3.0902 * Math.sqrt(part)) ** 3;
};

/** How often each of the numbers 0 … kinds − 1 occurs. */
export const countsOf = (values: Iterable<number>, kinds: number): number[] => {
  const counts = new Array<number>(kinds).fill(0);
  for (const value of values) counts[value] = (counts[value] as number) + 1;
  return counts;
};
