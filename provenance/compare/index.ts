import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { VerificationMetrics } from '../../metrics/verification.ts';
import { type Differences, differencesOf } from '../../report/differences/differences.ts';
import { ReportReader } from '../../report/reader.ts';
import type { Read } from '../../report/sources.ts';
import type { Store } from '../../store/index.ts';
import { type RowOf, rowsBy, type Verified } from './rows.ts';

export type { Verified } from './rows.ts';

export interface Comparison extends Differences {
  readonly sets: readonly string[];
  /** The nodes of each row, `run:node`. */
  readonly nodes: readonly (readonly string[])[];
  /** Rows that were scored on other pairs than most. */
  readonly leftOut: readonly string[];
}

/**
 * Compares the verifications of runs: averages with intervals, and differences from one row with p values corrected by Holm.
 *
 * @param by see `rowsBy` @param from label of the row that the others are compared with; default the best
 * @throws CemiflowError `ComparisonInvalid`
 */
export const compareVerifications = async (
  all: readonly Verified[],
  store: Store,
  { by, from }: { readonly by?: readonly string[]; readonly from?: string },
): Promise<Comparison> => {
  const reader = new ReportReader(store);
  const read: ReadRow[] = [];
  for (const row of rowsBy(all, by)) read.push(await readRow(row, reader));
  const alike = mostAlike(read);
  const rows = read.filter(({ benchmarks }) => benchmarks === alike);
  const leftOut = read.flatMap(({ label, benchmarks }) => (benchmarks === alike ? [] : label));
  const labels = rows.map(({ label }) => label);
  if (rows.length < 2) throw tooFew(labels, all);
  if (from !== undefined && !labels.includes(from)) throw noRow(from, labels);
  const found = await differencesOf(rows, reader, { competing: () => true, wanted: from ?? null });
  if (found === undefined)
    throw new CemiflowError('ComparisonInvalid', 'the rows were not scored on the same pairs', {
      remedy: 'compare runs with the same benchmarks, or one stage (--stage NAME)',
      data: { rows: labels },
    });
  const sets = Object.keys(rows[0]?.runs[0]?.sets ?? {});
  return { ...found, sets, nodes: rows.map(nodesOf), leftOut };
};

/** A row with what its verifications state. */
type ReadRow = RowOf & {
  readonly average: number;
  readonly runs: readonly (Read & Pick<VerificationMetrics, 'sets' | 'average'>)[];
  /** What it was scored on, by names and sizes. */
  readonly benchmarks: string;
};

const readRow = async (row: RowOf, reader: ReportReader): Promise<ReadRow> => {
  const runs = [];
  for (const { artifact, run, node } of row.members) {
    const { sets, average } = await reader.metrics(artifact, verificationKind, `${run}:${node}`);
    runs.push({ artifact: artifact.digest, input: `${run}:${node}`, sets, average });
  }
  const scoredOn = runs.map(({ sets }) =>
    Object.entries(sets)
      .map(([set, { pairs }]) => `${set} ${pairs}`)
      .sort(),
  );
  const average = runs.reduce((sum, run) => sum + run.average, 0) / runs.length;
  return { ...row, runs, average, benchmarks: [...new Set(scoredOn.map(String))].join('; ') };
};

/** The benchmarks of most rows; of equally many, the first. */
const mostAlike = (rows: readonly ReadRow[]): string | undefined => {
  const counts = new Map<string, number>();
  for (const { benchmarks } of rows) counts.set(benchmarks, (counts.get(benchmarks) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
};

const nodesOf = ({ members }: RowOf): string[] => members.map(({ run, node }) => `${run}:${node}`);

const tooFew = (labels: readonly string[], all: readonly Verified[]): CemiflowError => {
  const message =
    labels.length === 0
      ? 'there is no verification to compare'
      : `there is one row alone, ${labels[0]}: nothing is compared`;
  const remedy =
    all.length === 0
      ? 'name runs that have verified a recognizer; "cemiflow runs" lists the runs'
      : 'name more runs, or compare by what they differ in: --by run, --by m';
  return new CemiflowError('ComparisonInvalid', message, { remedy, data: { rows: [...labels] } });
};

const noRow = (from: string, labels: readonly string[]): CemiflowError =>
  new CemiflowError('ComparisonInvalid', `there is no row "${from}"`, {
    remedy: `its rows: ${labels.map((label) => `"${label}"`).join(', ')}`,
    data: { from },
  });
