import { normalStream, randomStream } from '../../core/random.ts';
import { mean } from '../statistics.ts';

/** How accuracies of trainings that differ in nothing but their seed vary. */
export interface TrainingSpread {
  /** Standard deviation of one training's accuracy, the same for all recognizers (pooled). */
  readonly std: number;
  /** Trainings less recognizers. */
  readonly degrees: number;
}

/**
 * The deviation within recognizers, pooled over them as an analysis of variance does: a few trainings of each say little, all of
 * them together say enough. Undefined where no recognizer has several runs.
 *
 * @param accuracies of each recognizer's runs, mean over sets
 */
export const trainingSpread = (accuracies: readonly (readonly number[])[]): TrainingSpread | undefined => {
  const degrees = accuracies.reduce((sum, runs) => sum + runs.length - 1, 0);
  if (degrees === 0) return undefined;
  const squares = accuracies.flatMap((runs) => runs.map((accuracy) => (accuracy - mean(runs)) ** 2));
  return { std: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / degrees), degrees };
};

/**
 * Deviations of the recognizers' mean accuracies that other seeds would bring: normal ones, of a variance that is itself drawn
 * (scaled inverse χ²), so that a difference of two has Student's t.
 *
 * @param runs of each recognizer @returns for each recognizer float64 [resamples]; zeros without a spread
 */
export const trainingDeviations = (
  spread: TrainingSpread | undefined,
  runs: readonly number[],
  resamples: number,
  seed: number,
): Float64Array[] => {
  const drawn = runs.map(() => new Float64Array(resamples));
  if (spread === undefined) return drawn;
  const { std, degrees } = spread;
  const normal = normalStream(randomStream(seed, 'trainings'));
  for (let k = 0; k < resamples; k++) {
    let squares = 0;
    for (let i = 0; i < degrees; i++) squares += normal() ** 2;
    const own = std * Math.sqrt(degrees / squares);
    drawn.forEach((of, i) => {
      of[k] = (own * normal()) / Math.sqrt(runs[i] as number);
    });
  }
  return drawn;
};
