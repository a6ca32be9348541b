/** A linear map from data to drawing units, with the ticks of its domain. */
export interface Scale {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** Drawing units with two decimals at most, so that pages do not differ in noise digits. */
  at(value: number): number;
}

export const linearScale = (
  domain: readonly [number, number],
  range: readonly [number, number],
  ticks: readonly number[],
): Scale => {
  const [d0, d1] = domain;
  const [r0, r1] = range;
  const slope = d1 === d0 ? 0 : (r1 - r0) / (d1 - d0);
  return { domain, ticks, at: (value) => round(d1 === d0 ? (r0 + r1) / 2 : r0 + (value - d0) * slope) };
};

/** Ticks at steps of 1, 2 or 5 times a power of ten that cut [low, high] into about `wanted` parts. */
export const niceTicks = (low: number, high: number, wanted: number): number[] =>
  high > low ? multiples(niceStep((high - low) / wanted), Math.ceil, Math.floor, low, high) : [low];

/** A domain that begins and ends at a tick and holds [low, high]; room is made about a single value. */
export const niceAxis = (low: number, high: number, wanted: number): { domain: [number, number]; ticks: number[] } => {
  if (!(high > low)) {
    const pad = Math.abs(low) > 0 ? Math.abs(low) * 0.1 : 1;
    return niceAxis(low - pad, high + pad, wanted);
  }
  const ticks = multiples(niceStep((high - low) / wanted), Math.floor, Math.ceil, low, high);
  return { domain: [ticks[0] as number, ticks.at(-1) as number], ticks };
};

type Rounding = (value: number) => number;
const multiples = (step: number, first: Rounding, last: Rounding, low: number, high: number): number[] => {
  const from = first(clean(low / step));
  const to = last(clean(high / step));
  return Array.from({ length: to - from + 1 }, (_, i) => clean((from + i) * step));
};

/** Decimals that the ticks need so that no two read the same. */
export const tickDigits = (ticks: readonly number[]): number => Math.max(0, ...ticks.map(decimals));

/** `1e-7` is how ECMAScript prints 0.0000001. */
const decimals = (value: number): number => {
  const [digits = '', exponent = '0'] = String(value).split('e');
  return Math.max(0, (digits.split('.')[1] ?? '').length - Number(exponent));
};

export const round = (value: number): number => Math.round(value * 100) / 100;

const niceStep = (raw: number): number => {
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  // Geometric middles: the step is the one nearest to what was wanted, as a ratio.
  return (lead < Math.SQRT2 ? 1 : lead < Math.sqrt(10) ? 2 : lead < Math.sqrt(50) ? 5 : 10) * power;
};

const clean = (value: number): number => Number(value.toPrecision(12));
