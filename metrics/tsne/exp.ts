/** ln 2 as a sum whose first term times any whole number up to 1,074 is exact (fdlibm's `e_exp.c`). */
const ln2 = { high: 0.6931471803691238, low: 1.9082149292705877e-10 };

/** 1 / n! for n = 0 … 13: with |r| ≤ ln 2 / 2, the next term of the series is below 2⁻⁵³. */
const factorials = new Float64Array(14).fill(1);
for (let n = 1; n < factorials.length; n++) factorials[n] = (factorials[n - 1] as number) / n;

/** 2⁻ᵏ for k = 0 … 1,074: the half of the last is 0. */
const halvings = new Float64Array(1075).fill(1);
for (let k = 1; k < halvings.length; k++) halvings[k] = (halvings[k - 1] as number) / 2;

/**
 * eˣ for x ≤ 0, within two units in the last place. It takes sums and products alone, which every machine rounds alike: `Math.exp` may differ in
 * the last digit between builds of V8, and t-SNE makes another map of inputs that differ in one.
 */
export const exp = (x: number): number => {
  const k = Math.round(-x / Math.LN2);
  if (k >= halvings.length) return 0;
  const r = x + k * ln2.high + k * ln2.low;
  let sum = 0;
  for (let n = factorials.length - 1; n >= 0; n--) sum = sum * r + (factorials[n] as number);
  return sum * (halvings[k] as number);
};
