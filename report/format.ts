/** Numbers as readers see them. Never by locale: the same numbers must give the same bytes everywhere. */

/** A true minus sign, and no "−0.00". */
export const fixed = (value: number, digits: number): string => {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
};

/** @param fraction 0 … 1 @returns percent without the sign, two digits as the paper prints them */
export const percent = (fraction: number, digits = 2): string => fixed(fraction * 100, digits);

/** Four significant digits: for values of any size, such as losses and learning rates. */
export const significant = (value: number): string => String(Number(value.toPrecision(4))).replaceAll('-', '−');

/** An integer with thousands separated. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** A parameter as it was written, such as m: 0.5, −0.5, 1. */
export const plain = (value: unknown): string =>
  typeof value === 'number'
    ? String(value).replace('-', '−')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

const benchmarkNames: { readonly [set: string]: string } = {
  lfw: 'LFW',
  cfp_fp: 'CFP-FP',
  agedb_30: 'AgeDB-30',
  calfw: 'CALFW',
  cplfw: 'CPLFW',
};

/** The paper's order; sets that it does not have come after, by name. */
export const benchmarkOrder = Object.keys(benchmarkNames);
export const benchmarkName = (set: string): string =>
  Object.hasOwn(benchmarkNames, set) ? (benchmarkNames[set] as string) : set;
export const sortBenchmarks = (sets: Iterable<string>): string[] =>
  [...new Set(sets)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));

const rank = (set: string): number => {
  const index = benchmarkOrder.indexOf(set);
  return index < 0 ? benchmarkOrder.length : index;
};
