import { similarityKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import type { Digest } from '../../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import type { SimilarityMetrics } from '../../../metrics/similarity.ts';
import { type AxisValue, alongAxis, averaged, groupsOf, orderOf, valueOn } from '../../axes.ts';
import { fixed, plain } from '../../format.ts';
import { matrixLabel } from '../../labels.ts';
import { type Labelled, listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type SimilarityParams = readonly {
  readonly label: string;
  readonly axis: string;
  readonly series?: string | null;
  readonly meanOver?: readonly string[];
  readonly metrics: readonly Labelled[];
}[];

/** Similarity of generated images to their inquiry images, by one recognizer and for one value of a second axis. */
export interface SimilarityGroup {
  readonly label: string;
  readonly axis: string;
  readonly meanOver: readonly string[];
  /** In the order of the axis. */
  readonly rows: readonly SimilarityRow[];
}

/** What one evaluation measured over all images of a set. */
export interface Measured {
  readonly mean: number;
  /** Over images; where there are several runs, over their means. */
  readonly std: number;
  /** `edges` has one more entry than `counts`. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  /** Identities by their mean similarity (the paper's table 7). */
  readonly bins?: { readonly labels: readonly string[]; readonly identities: readonly number[] };
}

export interface SimilarityRow extends Measured {
  readonly label: string;
  readonly matrix: JsonObject;
  readonly x: AxisValue;
  readonly runs: readonly Read[];
}

export const readSimilarity = async (params: SimilarityParams, reader: ReportReader): Promise<SimilarityGroup[]> => {
  const groups: SimilarityGroup[] = [];
  for (const [g, { label, axis, series, meanOver = [], metrics }] of params.entries()) {
    const rows: SimilarityRow[] = [];
    for (const { matrix, members } of groupsOf(listed(metrics as OneOrMany, `similarity.${g}.metrics`), meanOver)) {
      const runs: (Measured & Read)[] = [];
      for (const { artifact, input, matrix: point } of members) {
        const what = `similarity by ${label}: ${matrixLabel(point)}`;
        const found = await reader.metrics(artifact, similarityKind, what, point);
        runs.push(measuredOf(found, { artifact: artifact.digest, input }));
      }
      const from = runs.map(({ artifact, input }): Read => ({ artifact, input }));
      rows.push({ ...meanOfRuns(runs), label: matrixLabel(matrix), matrix, x: valueOn(matrix, axis), runs: from });
    }
    if (!series) groups.push({ label, axis, meanOver, rows: alongAxis(rows, axis) });
    else
      for (const value of orderOf(rows.map(({ matrix }) => valueOn(matrix, series)))) {
        const own = rows.filter(({ matrix }) => matrix[series] === value);
        groups.push({ label: `${label}, ${series} = ${plain(value)}`, axis, meanOver, rows: alongAxis(own, axis) });
      }
  }
  return groups;
};

const measuredOf = ({ mean, std, histogram, bins }: SimilarityMetrics, from: Read): Measured & Read => {
  const labels = binLabels(bins.edges, bins.identities.length, from.artifact);
  return { ...from, mean, std, histogram, bins: { identities: bins.identities, labels } };
};

/** Means over runs, and the histogram of all their images; of one run, its own numbers. */
const meanOfRuns = (runs: readonly (Measured & Read)[]): Measured => {
  const [first] = runs as [Measured & Read];
  const { mean, std = first.std } = averaged(runs.map((run) => run.mean));
  const { edges, counts } = first.histogram;
  for (const { artifact, histogram, bins } of runs)
    if (String(histogram.edges) !== String(edges) || String(bins?.labels) !== String(first.bins?.labels))
      throw invalid(artifact, 'runs that are averaged must have histograms and bins with equal edges');
  const sum = (i: number): number => runs.reduce((total, run) => total + (run.histogram.counts[i] as number), 0);
  const identities = (i: number): number => averaged(runs.map((run) => run.bins?.identities[i] as number)).mean;
  const { bins } = first;
  return {
    mean,
    std,
    histogram: { edges, counts: counts.map((_, i) => sum(i)) },
    ...(bins ? { bins: { labels: bins.labels, identities: bins.identities.map((_, i) => identities(i)) } } : {}),
  };
};

/**
 * Names of the ranges between edges. As many ranges as edges: the last is open above, as in the paper's table 7. One more
 * than edges: the first is open below as well.
 */
export const binLabels = (edges: readonly number[], bins: number, artifact: Digest): string[] => {
  const text = edges.map((edge) => fixed(edge, Math.max(1, (String(edge).split('.')[1] ?? '').length)));
  const between = text.slice(1).map((high, i) => `${text[i]} to ${high}`);
  const above = `above ${text.at(-1)}`;
  if (bins === edges.length - 1) return between;
  if (bins === edges.length) return [...between, above];
  if (bins === edges.length + 1) return [`below ${text[0]}`, ...between, above];
  throw invalid(artifact, `bins.identities must fit ${edges.length} edges, got ${bins}`);
};

const invalid = (artifact: Digest, message: string): CemiflowError =>
  new CemiflowError('ReportInputInvalid', `metrics ${artifact}: ${message}`, {
    remedy: 'list runs of one evaluation, or measure them again by the same code',
    data: { artifact },
  });
