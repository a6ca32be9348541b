import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { CemiflowError } from '../../core/errors.ts';
import { type Differences, differencesOf } from '../../report/differences/differences.ts';
import { ReportReader } from '../../report/reader.ts';
import type { Store } from '../../store/index.ts';
import { type RowOf, rowsBy, type Verified } from './rows.ts';

export type { Verified } from './rows.ts';

export interface Comparison extends Differences {
  readonly sets: readonly string[];
  /** The nodes of each row, `run:node`. */
  readonly nodes: readonly (readonly string[])[];
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
  const rows = [];
  const sets = new Set<string>();
  const gathered = rowsBy(all, by);
  for (const { label, members } of gathered) {
    const runs = [];
    for (const { artifact, run, node } of members) {
      const metrics = await reader.metrics(artifact, verificationKind, `${run}:${node}`);
      for (const set of Object.keys(metrics.sets)) sets.add(set);
      runs.push({ artifact: artifact.digest, input: `${run}:${node}`, sets: metrics.sets, average: metrics.average });
    }
    rows.push({ label, runs, average: runs.reduce((sum, { average }) => sum + average, 0) / runs.length });
  }
  const labels = gathered.map(({ label }) => label);
  if (rows.length < 2) throw tooFew(labels, all);
  if (from !== undefined && !labels.includes(from)) throw noRow(from, labels);
  const found = await differencesOf(rows, reader, { competing: () => true, wanted: from ?? null });
  if (found === undefined)
    throw new CemiflowError('ComparisonInvalid', 'the rows were not scored on the same pairs', {
      remedy: 'compare runs with the same benchmarks, or one stage (--stage NAME)',
      data: { rows: labels },
    });
  return { ...found, sets: [...sets], nodes: gathered.map(nodesOf) };
};

const nodesOf = ({ members }: RowOf): string[] => members.map(({ run, node }) => `${run}:${node}`);

const tooFew = (labels: readonly string[], all: readonly Verified[]): CemiflowError => {
  const message =
    labels.length === 0
      ? 'there is no verification to compare'
      : `there is one row alone, ${labels[0]}: nothing is compared`;
  const remedy =
    all.length === 0
      ? 'name runs that have made evaluate/verification; "cemiflow runs" lists them'
      : 'name more runs, or compare by what they differ in: --by run, --by m';
  return new CemiflowError('ComparisonInvalid', message, { remedy, data: { rows: [...labels] } });
};

const noRow = (from: string, labels: readonly string[]): CemiflowError =>
  new CemiflowError('ComparisonInvalid', `there is no row "${from}"`, {
    remedy: `its rows: ${labels.map((label) => `"${label}"`).join(', ')}`,
    data: { from },
  });
