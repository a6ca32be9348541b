import { artifactRefsIn } from '../../../core/artifact.ts';
import type { Json, JsonObject } from '../../../core/errors.ts';
import { type AxisValue, alongAxis, groupsOf, orderOf, valueOn } from '../../axes.ts';
import type { ReportParams } from '../../block.ts';
import { plain } from '../../format.ts';
import { type Labelled, listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import { type AccuracyParams, readAccuracy } from '../accuracy/read.ts';
import type { AccuracyRow } from '../accuracy/row.ts';
import { type Accuracies, accuraciesOf, readVerifications } from '../accuracy/verification.ts';

export interface CurveParams {
  readonly axis: string;
  readonly series?: string | null;
  readonly meanOver?: readonly string[];
  readonly metrics: readonly Labelled[];
}

export interface Curve {
  readonly axis: string;
  readonly lines: readonly Line[];
  /** The accuracy table's rows of real data. */
  readonly references: readonly AccuracyRow[];
  /** How many runs a point is the mean of, at most. */
  readonly runs: number;
  readonly meanOver: readonly string[];
  /** Whether the accuracy table shows the same numbers. */
  readonly inTable: boolean;
}

/** All points, or those of one value of the second axis. */
export interface Line {
  /** `eta = 0.5`; absent where there is one line. */
  readonly name?: string;
  /** In the order of the axis. */
  readonly points: readonly CurvePoint[];
}

export type CurvePoint = Accuracies & { readonly x: AxisValue; readonly matrix: JsonObject };

export const readCurve = async (params: CurveParams, reader: ReportReader, report: ReportParams): Promise<Curve> => {
  const { axis, series, meanOver = [] } = params;
  const points: (CurvePoint & { readonly series: AxisValue | undefined })[] = [];
  for (const { matrix, members } of groupsOf(listed(params.metrics as OneOrMany, 'curve.metrics'), meanOver)) {
    const runs = await readVerifications(members, `curve over ${axis}`, reader);
    points.push({
      ...accuraciesOf(runs),
      matrix,
      x: valueOn(matrix, axis),
      series: series ? valueOn(matrix, series) : undefined,
    });
  }
  const line = (value?: AxisValue): Line => ({
    ...(value === undefined ? {} : { name: `${series} = ${plain(value)}` }),
    points: alongAxis(
      points.filter((point) => point.series === value).map(({ series: _, ...point }) => point),
      axis,
    ),
  });
  const values = series ? orderOf(points.map((point) => point.series as AxisValue)) : [undefined];
  const references = await referencesOf(report, reader);
  const runs = Math.max(...points.map((point) => point.runs.length));
  const shown = new Set(artifactRefsIn((report.accuracy ?? []) as Json).map(({ digest }) => digest));
  const inTable = points.every((point) => point.runs.every(({ artifact }) => shown.has(artifact)));
  return { axis, lines: values.map(line), references, runs, meanOver, inTable };
};

/** The rows that the accuracy table is compared with. */
const referencesOf = (report: ReportParams, reader: ReportReader): Promise<AccuracyRow[]> =>
  readAccuracy((report.accuracy ?? []) as AccuracyParams, reader, { onlyReferences: true });
