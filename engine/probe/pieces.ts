import type { Probe } from '../../core/probe.ts';

/**
 * Repeats a piece until the time is over. The first one warms up: it counts alone where it takes half of the time.
 *
 * @param now a clock, in ms
 */
export const timePieces = (
  { multiplyAdds, run }: Probe,
  seconds: number,
  now = (): number => performance.now(),
): { readonly multiplyAdds: number; readonly seconds: number } => {
  const timed = (): number => {
    const start = now();
    run();
    return (now() - start) / 1000;
  };
  const first = timed();
  if (first >= seconds / 2) return { multiplyAdds, seconds: first };
  let [pieces, spent] = [0, 0];
  while (pieces === 0 || first + spent < seconds) {
    spent += timed();
    pieces += 1;
  }
  return { multiplyAdds: pieces * multiplyAdds, seconds: spent };
};
