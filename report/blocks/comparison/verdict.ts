import type { PairedDifference } from '../../../metrics/bootstrap/index.ts';

/** How accuracy goes with the achieved similarity, as far as the intervals show it. */
export type Shape = 'peak' | 'dip' | 'rise' | 'fall';

/** Two points by their place in the order of achieved similarity: the first minus the second. */
export type Contrast = PairedDifference & { readonly first: number; readonly second: number };

export interface Verdict {
  /** `mixed`: one point is better and another worse than both ends. `none`: no shape is shown. `unordered`: all are equally similar. */
  readonly shape: Shape | 'mixed' | 'none' | 'unordered' | 'single';
  /** What decides it: the ends, then each point between with the lower and with the higher end. */
  readonly contrasts: readonly Contrast[];
  /** Of a rise or fall: the points between that are not shown to be worse than the better end. None of them: no peak can be there. */
  readonly open: readonly number[];
  /** Points between that are shown to be better than both ends, best first; or worse, worst first. */
  readonly above: readonly number[];
  readonly below: readonly number[];
}

/** Whether the interval of a difference that holds together with all others lies above or below 0. */
export const shown = ({ together }: PairedDifference): 'higher' | 'lower' | undefined =>
  together.lowest > 0 ? 'higher' : together.highest < 0 ? 'lower' : undefined;

/**
 * Judges points in ascending order of achieved similarity. "Shown" means by intervals that hold together for all pairs of
 * points. A point is between the ends if its similarity is strictly between theirs.
 *
 * - peak: a point between is shown to be better than both ends; dip: worse than both; mixed: both happen
 * - rise: the higher end is shown to be better than the lower one, and no point between better than it or worse than the lower
 * - fall: the same with the ends exchanged
 * - none: neither
 *
 * @param similarities ascending @param between the first minus the second
 */
export const verdictOf = (
  similarities: readonly number[],
  between: (first: number, second: number) => PairedDifference,
): Verdict => {
  const [low, high] = [0, similarities.length - 1];
  const contrast = (first: number, second: number): Contrast => ({ first, second, ...between(first, second) });
  const none = { contrasts: [], open: [], above: [], below: [] };
  if (high <= low) return { shape: 'single', ...none };
  const [lowest, highest] = [similarities[low] as number, similarities[high] as number];
  if (lowest === highest) return { shape: 'unordered', ...none };
  const ends = contrast(high, low);
  const inner = similarities.flatMap((similarity, i) => (similarity > lowest && similarity < highest ? [i] : []));
  const middle = inner.map((i) => [contrast(i, low), contrast(i, high)] as const);
  const of = (wanted: 'higher' | 'lower'): number[] =>
    middle
      .filter((pair) => pair.every((each) => shown(each) === wanted))
      .sort(([a], [b]) => (wanted === 'higher' ? b.difference - a.difference : a.difference - b.difference))
      .map(([{ first }]) => first);
  const [above, below] = [of('higher'), of('lower')];
  /** Whether a point between leaves the range from the worse end to the better one. */
  const leaves = middle.some(([toLow, toHigh]) => {
    const [toWorse, toBetter] = shown(ends) === 'higher' ? [toLow, toHigh] : [toHigh, toLow];
    return shown(toBetter) === 'higher' || shown(toWorse) === 'lower';
  });
  const trend = shown(ends) === 'higher' ? 'rise' : shown(ends) === 'lower' ? 'fall' : undefined;
  const open = trend
    ? middle.filter((pair) => shown(pair[trend === 'rise' ? 1 : 0]) !== 'lower').map(([{ first }]) => first)
    : [];
  const shape =
    above.length > 0 && below.length > 0
      ? 'mixed'
      : above.length > 0
        ? 'peak'
        : below.length > 0
          ? 'dip'
          : trend && !leaves
            ? trend
            : 'none';
  return { shape, contrasts: [ends, ...middle.flat()], open, above, below };
};
