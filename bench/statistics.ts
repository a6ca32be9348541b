/** Five numbers that describe repeated times; all in the unit of the values. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** First and third quartile: half of the values lie between them. */
  readonly quartiles: readonly [number, number];
}

/**
 * Quantile by linear interpolation between the two nearest ranks, as NumPy's default does it (Hyndman and Fan, type 7).
 *
 * @param sorted ascending, not empty
 * @param q in [0, 1]
 */
const quantile = (sorted: readonly number[], q: number): number => {
  const at = (sorted.length - 1) * q;
  const [below, above] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return below + (above - below) * (at - Math.floor(at));
};

/** @param values not empty, in any order */
export const spreadOf = (values: readonly number[]): Spread => {
  if (values.length === 0) throw new RangeError('a spread needs at least one value, got none');
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0] as number,
    max: sorted.at(-1) as number,
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
  };
};

/** How two sides that took turns compare; above 1 where ours is the faster. */
export interface Ratio {
  /** Median of the peer over median of ours. */
  readonly ofMedians: number;
  /** Median of peer over ours, round by round: what slows a whole round does not move it. */
  readonly perRound: number;
}

/**
 * @param ours seconds by round
 * @param peer seconds by round, as many
 */
export const ratioOf = (ours: readonly number[], peer: readonly number[]): Ratio => {
  if (ours.length !== peer.length)
    throw new RangeError(`both sides need as many rounds, got ${ours.length} and ${peer.length}`);
  return {
    ofMedians: spreadOf(peer).median / spreadOf(ours).median,
    perRound: spreadOf(peer.map((seconds, round) => seconds / (ours[round] as number))).median,
  };
};
