import { verificationKind } from '../../../artifacts/codecs/metrics-verification.ts';
import type { Channels, VerificationMetrics } from '../../../metrics/verification.ts';
import { averaged } from '../../axes.ts';
import type { Placed } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

/** Verification of one recognizer on the benchmarks; accuracies are fractions 0 … 1. */
export interface Verification extends Read {
  readonly sets: { readonly [set: string]: SetAccuracy };
  readonly average: number;
  /** The order of colours that images were embedded in, where the metrics state it. */
  readonly channels?: Channels;
}

export interface SetAccuracy {
  readonly accuracy: number;
  /** Standard deviation over the folds. */
  readonly std: number;
  readonly pairs: number;
  /** Digest of the file of pair scores that the accuracy was computed from. */
  readonly scores: string;
}

/** What a report shows of a verification: folds and thresholds are left to the artifact. */
const verificationOf = ({ sets, average, channels }: VerificationMetrics, from: Read): Verification => ({
  ...from,
  sets: Object.fromEntries(
    Object.entries(sets).map(([name, { accuracy, std, pairs, scores }]) => [name, { accuracy, std, pairs, scores }]),
  ),
  average,
  ...(channels && { channels }),
});

/** Reads the runs of a row. @param what the row is, for people */
export const readVerifications = async (
  members: readonly Placed[],
  what: string,
  reader: ReportReader,
): Promise<Verification[]> => {
  const runs: Verification[] = [];
  for (const { artifact, input, matrix } of members) {
    const found = await reader.metrics(artifact, verificationKind, what, matrix);
    runs.push(verificationOf(found, { artifact: artifact.digest, input }));
  }
  return runs;
};

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
