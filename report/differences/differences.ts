import { CemiflowError } from '../../core/errors.ts';
import {
  type Estimate,
  type PairedDifference,
  pairedBootstrap,
  type ScoredSets,
} from '../../metrics/bootstrap/index.ts';
import { holm } from '../../metrics/holm.ts';
import type { ReportReader } from '../reader.ts';
import type { Read } from '../sources.ts';
import { type Chance, drawSeed } from './chance.ts';

/** A verification, and the files of its pair scores. */
type Verification = Read & { readonly sets: { readonly [set: string]: { readonly scores: string } } };

/** A row of a table of accuracies. */
export interface Row {
  readonly label: string;
  readonly average: number;
  readonly runs: readonly Verification[];
}

/** How sure the rows of a table are, and how sure their differences. */
export interface Differences {
  readonly chance: Chance;
  /** Place of the row that the others are compared with. */
  readonly baseline: number;
  readonly isBest: boolean;
  readonly rows: readonly Compared[];
}

export interface Compared {
  readonly label: string;
  readonly runs: readonly Verification[];
  readonly estimate: Estimate;
  /** From the baseline; absent for the baseline itself. */
  readonly fromBaseline?: PairedDifference & {
    /** Corrected by Holm's method over the rows of the table. */
    readonly holm: number;
  };
}

/** Significance of corrected p values. */
export const alpha = 0.05;

/**
 * Undefined where there is nothing to compare: fewer than two rows, or rows that were scored on other pairs.
 *
 * @param competing whether a row may be the baseline where none is named: the best of these is
 * @param wanted label of the baseline
 * @throws CemiflowError `ReportInputInvalid` where no row has that label
 */
export const differencesOf = async <R extends Row>(
  rows: readonly R[],
  reader: ReportReader,
  { competing, wanted }: { competing(row: R): boolean; readonly wanted?: string | null },
): Promise<Differences | undefined> => {
  const named = wanted ? rows.findIndex(({ label }) => label === wanted) : -1;
  if (wanted && named < 0) throw noRow(wanted, rows);
  if (rows.length < 2) return undefined;
  const scored: ScoredSets[][] = [];
  for (const { runs } of rows) {
    const own: ScoredSets[] = [];
    for (const run of runs) own.push(await reader.pairScores(run));
    scored.push(own);
  }
  const found = bootstrapped(scored);
  if (found === undefined) return undefined;
  const { between, estimates, ...chance } = found;
  const candidates = rows.filter(competing);
  const best = (candidates.length > 0 ? candidates : rows).reduce((top, row) =>
    row.average > top.average ? row : top,
  );
  const baseline = named >= 0 ? named : rows.indexOf(best);
  const compared = rows.map((_, i) => (i === baseline ? undefined : between(i, baseline)));
  const corrected = holm(compared.flatMap((each) => each?.p ?? []));
  return {
    ...{ chance, baseline, isBest: named < 0 },
    rows: rows.map(({ label, runs }, i) => {
      const own = compared[i];
      return {
        ...{ label, runs, estimate: estimates[i] as Estimate },
        ...(own && { fromBaseline: { ...own, holm: corrected[i < baseline ? i : i - 1] as number } }),
      };
    }),
  };
};

/** Benchmarks of a spec may differ from row to row: then there are no intervals, and no error. */
const bootstrapped = (scored: readonly (readonly ScoredSets[])[]) => {
  try {
    return pairedBootstrap(scored, drawSeed);
  } catch (error) {
    if (error instanceof CemiflowError && error.code === 'PairsDiffer') return undefined;
    throw error;
  }
};

const noRow = (wanted: string, rows: readonly Row[]): CemiflowError =>
  new CemiflowError('ReportInputInvalid', `no row is called “${wanted}”, so none can be compared with it`, {
    remedy: `name one of ${rows.map(({ label }) => `“${label}”`).join(', ')}`,
    data: { label: wanted },
  });
