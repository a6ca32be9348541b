import { binOf, evenEdges, histogram, mean, populationStd } from './statistics.ts';

/** Cosine of row `a` of one matrix of unit rows and row `b` of another. */
export const rowCosine = (left: Float32Array, a: number, right: Float32Array, b: number, size: number): number => {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (left[a * size + k] as number) * (right[b * size + k] as number);
  return sum;
};

/** What a generated set's similarity to its inquiry images is (CemiFace table 7). */
export interface SimilarityStatistics {
  readonly mean: number;
  /** Population standard deviation over images. */
  readonly std: number;
  readonly histogram: { readonly edges: number[]; readonly counts: number[] };
  /** By ascending identity. */
  readonly perIdentity: { readonly identities: number[]; readonly mean: number[]; readonly std: number[] };
  /** Identities by mean similarity: below the first edge, between neighbours, from the last edge on. */
  readonly bins: { readonly edges: number[]; readonly identities: number[] };
}

/** Edges of table 7's bins. */
export const tableEdges = [0, 0.1, 0.2, 0.3, 0.4, 0.5];

/** @param similarity [N] in [-1, 1], at least one @param identities int32 [N], the identity of each image */
export const similarityStatistics = (similarity: Float32Array, identities: Int32Array): SimilarityStatistics => {
  const groups = new Map<number, number[]>();
  identities.forEach((identity, i) => {
    const held = groups.get(identity);
    if (held) held.push(similarity[i] as number);
    else groups.set(identity, [similarity[i] as number]);
  });
  const sorted = [...groups].sort(([a], [b]) => a - b);
  const means = sorted.map(([, values]) => mean(values));
  const counts = new Array<number>(tableEdges.length + 1).fill(0);
  for (const value of means) {
    const bin = binOf(value, tableEdges);
    counts[bin] = (counts[bin] as number) + 1;
  }
  const edges = evenEdges(-1, 1, 80);
  return {
    mean: mean(similarity),
    std: populationStd(similarity),
    histogram: { edges, counts: histogram(similarity, edges) },
    perIdentity: {
      identities: sorted.map(([identity]) => identity),
      mean: means,
      std: sorted.map(([, values]) => populationStd(values)),
    },
    bins: { edges: [...tableEdges], identities: counts },
  };
};

/** Similarities of single images, as `evaluate/similarity` keeps them. */
export interface ImageScores {
  /** float32 [N] in [-1, 1], at least one */
  readonly similarity: Float32Array;
  /** int32 [N], the identity of each image */
  readonly identity: Int32Array;
}

/** What `evaluate/similarity` keeps as `metrics.json`. */
export type SimilarityMetrics = { readonly kind: 'similarity'; readonly images: number } & SimilarityStatistics;

export const similarityMetrics = ({ similarity, identity }: ImageScores): SimilarityMetrics => ({
  kind: 'similarity',
  images: similarity.length,
  ...similarityStatistics(similarity, identity),
});

/** Each class's images by falling similarity to the class's center, cut into groups of equal size (CemiFace table 1: five). */
export interface SimilarityGroups {
  /** int32 [N], 0 (most similar) … groups − 1 */
  readonly group: Int32Array;
  readonly statistics: readonly {
    images: number;
    mean: number;
    lowest: number;
    highest: number;
    /** Of each identity's images in the group the least and the most similar, as means over identities (CemiFace table 9). */
    meanLowest: number;
    meanHighest: number;
  }[];
}

/** @param similarity float32 [N] @param labels int32 [N], 0 … classes − 1; equal similarities keep their order */
export const similarityGroups = (similarity: Float32Array, labels: Int32Array, groups: number): SimilarityGroups => {
  const members = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const held = members.get(label);
    if (held) held.push(i);
    else members.set(label, [i]);
  });
  const group = new Int32Array(labels.length);
  const bounds = Array.from({ length: groups }, () => ({ lowest: [] as number[], highest: [] as number[] }));
  for (const rows of members.values()) {
    rows.sort((a, b) => (similarity[b] as number) - (similarity[a] as number) || a - b);
    const groupOf = (rank: number): number => Math.floor((rank * groups) / rows.length);
    rows.forEach((row, rank) => {
      const own = groupOf(rank);
      group[row] = own;
      if (rank === 0 || groupOf(rank - 1) !== own) bounds[own]?.highest.push(similarity[row] as number);
      if (rank === rows.length - 1 || groupOf(rank + 1) !== own) bounds[own]?.lowest.push(similarity[row] as number);
    });
  }
  const statistics = bounds.map((own, g) => {
    const values = similarity.filter((_, i) => group[i] === g);
    if (values.length === 0) return { images: 0, mean: 0, lowest: 0, highest: 0, meanLowest: 0, meanHighest: 0 };
    const sorted = values.sort();
    const [lowest, highest] = [sorted[0] as number, sorted[sorted.length - 1] as number];
    const over = { meanLowest: mean(own.lowest), meanHighest: mean(own.highest) };
    return { images: values.length, mean: mean(values), lowest, highest, ...over };
  });
  return { group, statistics };
};
