/**
 * Holm's correction of p values that are looked at together (Holm 1979, "A simple sequentially rejective multiple test procedure"):
 * those of at most α are significant at α, and the chance that any of them is so without cause is at most α.
 *
 * @param values 0 … 1 @returns the corrected ones in the same order, each at least as large, at most 1
 */
export const holm = (values: readonly number[]): number[] => {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const corrected = new Array<number>(values.length);
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * (values[i] as number)));
    corrected[i] = largest;
  });
  return corrected;
};
