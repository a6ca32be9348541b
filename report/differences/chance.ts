import type { Bootstrap } from '../../metrics/bootstrap/index.ts';
import { count, fixed } from '../format.ts';

/** What the intervals of a bootstrap hold. */
export type Chance = Omit<Bootstrap, 'between' | 'estimates'>;

/** Of the draws: the same pairs are drawn in every report of the same scores. */
export const drawSeed = 1;

/** `95 %` */
export const levelOf = ({ level }: Chance): string => `${Math.round(level * 1000) / 10} %`;

/** What chance the intervals of a table account for, and how. @param meanOver axes on which runs differ, such as seed */
export const chanceNotes = (
  { pairs, resamples, designEffect, training }: Chance,
  meanOver: readonly string[],
): string[] => {
  const widened =
    designEffect > 1
      ? `Differences vary over folds ${fixed(designEffect, 2)} times as much (variance) as independent pairs would, since people recur in pairs; intervals are widened to that.`
      : 'Differences vary over folds by no more than independent pairs would.';
  const trained = training
    ? `Other trainings: runs that differ in ${meanOver.join(', ')} deviate by ${fixed(training.std * 100, 2)} points (pooled over all rows, ${count(training.degrees)} degrees of freedom), and intervals hold that too.`
    : 'Each row is one training: how much another one would differ is in no interval.';
  return [
    `Intervals: paired bootstrap over the ${count(pairs)} pairs (${count(resamples)} resamples within each set), all recognizers on the same draw, with the threshold of each fold kept. ${widened} ${trained}`,
  ];
};
