import type { Digest } from '../../../core/digest.ts';
import type { Json, JsonObject } from '../../../core/errors.ts';
import { averaged } from '../../axes.ts';
import { asObject, numberIn, objectIn, ofKind } from '../../fields.ts';
import type { Read } from '../../sources.ts';

/** Verification of one recognizer on the benchmarks; accuracies are fractions 0 … 1. */
export interface Verification extends Read {
  readonly sets: { readonly [set: string]: SetAccuracy };
  readonly average: number;
}

export interface SetAccuracy {
  readonly accuracy: number;
  /** Standard deviation over the folds. */
  readonly std: number;
  readonly pairs?: number;
  /** Digest of the file of pair scores that the accuracy was computed from. */
  readonly scores?: string;
}

/** Reads `metrics.json` of a verification. @throws CemiflowError `ReportInputInvalid` */
export const verificationOf = (json: Json, artifact: Digest): Omit<Verification, 'input'> => {
  const root = ofKind(json, 'verification', artifact);
  const sets = Object.fromEntries(
    Object.entries(objectIn(root, 'sets', artifact)).map(([name, value]) => [
      name,
      setOf(asObject(value, `sets.${name}`, artifact), artifact),
    ]),
  );
  return { artifact, sets, average: numberIn(root, 'average', artifact) };
};

const setOf = (set: JsonObject, artifact: Digest): SetAccuracy => ({
  accuracy: numberIn(set, 'accuracy', artifact),
  std: numberIn(set, 'std', artifact),
  ...(typeof set.pairs === 'number' ? { pairs: set.pairs } : {}),
  ...(typeof set.scores === 'string' ? { scores: set.scores } : {}),
});

/** One recognizer, or the mean over several runs of it. */
export interface Accuracies {
  readonly sets: { readonly [set: string]: Pick<SetAccuracy, 'accuracy' | 'std'> };
  readonly average: number;
  /** Over runs; absent for one. */
  readonly averageStd?: number;
  /** What the means were taken over; one entry where there is one run. */
  readonly runs: readonly Verification[];
}

/** Means over runs; of one run, its own numbers. A benchmark that not all runs have is left out. */
export const accuraciesOf = (runs: readonly Verification[]): Accuracies => {
  const [first] = runs;
  if (runs.length === 1 && first) return { sets: first.sets, average: first.average, runs };
  const names = Object.keys(first?.sets ?? {}).filter((set) => runs.every(({ sets }) => sets[set]));
  const over = (of: (run: Verification) => number) => averaged(runs.map(of));
  const sets = names.map((set) => {
    const { mean, std = 0 } = over((run) => run.sets[set]?.accuracy as number);
    return [set, { accuracy: mean, std }] as const;
  });
  const { mean, std } = over(({ average }) => average);
  return { sets: Object.fromEntries(sets), average: mean, ...(std === undefined ? {} : { averageStd: std }), runs };
};

/** For `report.json`: one run is shown as it is; of several, the row holds their mean and each run its own numbers. */
export const withRuns = <Row extends Accuracies>({ runs, ...row }: Row): object =>
  runs.length === 1 ? { ...runs[0], ...row } : { ...row, runs };
