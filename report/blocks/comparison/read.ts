import { similarityKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import { verificationKind } from '../../../artifacts/codecs/metrics-verification.ts';
import { CemiflowError } from '../../../core/errors.ts';
import { type PairedDifference, pairedBootstrap, type ScoredSets } from '../../../metrics/bootstrap/index.ts';
import type { VerificationMetrics } from '../../../metrics/verification.ts';
import { type AxisValue, alongAxis, averaged, type Group, groupsOf, orderOf, valueOn } from '../../axes.ts';
import type { ReportParams } from '../../block.ts';
import { type Chance, drawSeed } from '../../differences/chance.ts';
import { plain } from '../../format.ts';
import { matrixLabel } from '../../labels.ts';
import { agrees, type Labelled, listed, type OneOrMany, type Placed } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';
import { type Shape, type Verdict, verdictOf } from './verdict.ts';

export interface ComparisonParams {
  readonly axis: string;
  readonly metrics: readonly Labelled[];
  readonly similarity: { readonly label: string; readonly metrics: readonly Labelled[] };
  readonly baseline: AxisValue;
  readonly reported?: Shape | null;
  readonly series?: string | null;
  readonly meanOver?: readonly string[];
}

export interface Comparison {
  readonly axis: string;
  /** The recognizer that the achieved similarity is measured by. */
  readonly recognizer: string;
  readonly reported?: Shape;
  readonly meanOver: readonly string[];
  /** Points whose similarity was not measured. */
  readonly leftOut: readonly string[];
  readonly series: readonly Compared[];
}

/** The points of one value of the second axis, or all. */
export interface Compared {
  /** `eta = 0.5`; absent where there is one. */
  readonly name?: string;
  /** By ascending achieved similarity. */
  readonly points: readonly ComparedPoint[];
  /** Place of the point that the others are compared with, and whether that is because it is the best. */
  readonly baseline: number;
  readonly isBest: boolean;
  readonly verdict: Verdict;
  readonly sets: readonly string[];
  /** Of the intervals. */
  readonly chance: Chance;
}

export interface ComparedPoint {
  /** `m = 0.5` */
  readonly label: string;
  readonly x: AxisValue;
  /** Mean cosine of the generated images to their inquiry image. */
  readonly similarity: number;
  readonly similarityFrom: readonly Read[];
  /** Accuracy, mean over sets and runs. */
  readonly average: number;
  readonly runs: readonly Read[];
  /** From the baseline; absent for the baseline itself. */
  readonly fromBaseline?: PairedDifference;
}

/** A point as it was read. */
interface Measured extends Omit<ComparedPoint, 'fromBaseline'> {
  readonly matrix: Placed['matrix'];
  readonly scored: readonly ScoredSets[];
}

export const readComparison = async (
  params: ComparisonParams,
  reader: ReportReader,
  { skipped }: Pick<ReportParams, 'skipped'>,
): Promise<Comparison> => {
  const { axis, series, reported, meanOver = [], similarity } = params;
  const measured: Measured[] = [];
  const leftOut: string[] = [];
  for (const group of groupsOf(listed(params.metrics as OneOrMany, 'comparison.metrics'), meanOver)) {
    const achieved = await achievedBy(group, params, reader);
    if (achieved) measured.push({ ...(await verified(group, axis, reader)), ...achieved });
    else leftOut.push(matrixLabel(group.matrix));
  }
  const values = series ? orderOf(measured.map(({ matrix }) => valueOn(matrix, series))) : [undefined];
  return {
    axis,
    recognizer: similarity.label,
    ...(reported ? { reported } : {}),
    meanOver,
    leftOut,
    series: (measured.length > 0 ? values : []).map((value) => {
      const own = measured.filter(({ matrix }) => value === undefined || matrix[series as string] === value);
      return {
        ...(value === undefined ? {} : { name: `${series} = ${plain(value)}` }),
        ...compared(alongAxis(own, axis), axis, params.baseline, skipped.length > 0),
      };
    }),
  };
};

/** The mean similarity of what a point's recognizers were trained on; undefined where it was not measured. */
const achievedBy = async (
  { matrix }: Group,
  { axis, similarity, meanOver = [] }: ComparisonParams,
  reader: ReportReader,
): Promise<Pick<Measured, 'similarity' | 'similarityFrom'> | undefined> => {
  const means: number[] = [];
  const similarityFrom: Read[] = [];
  for (const entry of listed(similarity.metrics as OneOrMany, 'comparison.similarity.metrics')) {
    valueOn(entry.matrix, axis);
    const own = Object.fromEntries(Object.entries(entry.matrix).filter(([name]) => !meanOver.includes(name)));
    if (!agrees(own, matrix)) continue;
    const what = `similarity by ${similarity.label}: ${matrixLabel(entry.matrix)}`;
    means.push((await reader.metrics(entry.artifact, similarityKind, what, entry.matrix)).mean);
    similarityFrom.push({ artifact: entry.artifact.digest, input: entry.input });
  }
  return means.length === 0 ? undefined : { similarity: averaged(means).mean, similarityFrom };
};

/** A point's accuracy, and the pair scores that it was computed from. */
const verified = async (
  { matrix, members }: Group,
  axis: string,
  reader: ReportReader,
): Promise<Omit<Measured, 'similarity' | 'similarityFrom'>> => {
  const found: VerificationMetrics[] = [];
  const scored: ScoredSets[] = [];
  for (const { artifact, matrix: point } of members) {
    const metrics = await reader.metrics(artifact, verificationKind, `comparison over ${axis}`, point);
    found.push(metrics);
    scored.push(await reader.pairScores(metrics));
  }
  return {
    label: `${axis} = ${plain(valueOn(matrix, axis))}`,
    x: valueOn(matrix, axis),
    matrix,
    average: averaged(found.map(({ average }) => average)).mean,
    runs: members.map(({ artifact, input }) => ({ artifact: artifact.digest, input })),
    scored,
  };
};

/** @param incomplete the stage that makes the baseline may have been skipped: the best takes its place */
const compared = (
  points: readonly Measured[],
  axis: string,
  wanted: AxisValue,
  incomplete: boolean,
): Omit<Compared, 'name'> => {
  // Points of equal similarity stay in the order of the axis.
  const ordered = [...points].sort((a, b) => a.similarity - b.similarity);
  const named = ordered.findIndex(({ x }) => x === wanted);
  if (wanted !== 'best' && named < 0 && !incomplete) throw noBaseline(axis, wanted, ordered);
  const isBest = named < 0;
  const baseline = isBest ? bestOf(ordered) : named;
  const {
    between,
    estimates: _,
    ...chance
  } = pairedBootstrap(
    ordered.map(({ scored }) => scored),
    drawSeed,
  );
  return {
    points: ordered.map(({ scored: _, matrix: __, ...point }, i) =>
      i === baseline ? point : { ...point, fromBaseline: between(i, baseline) },
    ),
    ...{ baseline, isBest },
    verdict: verdictOf(
      ordered.map(({ similarity }) => similarity),
      between,
    ),
    sets: Object.keys(ordered[0]?.scored[0] ?? {}),
    chance,
  };
};

/** The place of the highest average; of equals, the first. */
const bestOf = (points: readonly Measured[]): number =>
  points.reduce((best, { average }, i) => (average > (points[best]?.average as number) ? i : best), 0);

const noBaseline = (axis: string, wanted: AxisValue, points: readonly Measured[]): CemiflowError =>
  new CemiflowError('ReportInputInvalid', `no point that is compared has ${axis} = ${plain(wanted)}`, {
    remedy: `set comparison.baseline to best, or to one of ${points.map(({ x }) => plain(x)).join(', ')}`,
    data: { axis, baseline: wanted },
  });
