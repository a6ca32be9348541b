import type { Channels } from './verification.ts';

/** Faces as templates are made of them. */
export interface TemplateFaces {
  /** float32 [N, size], the sum of the embeddings of image and mirror image, not normalised: a norm is a weight */
  readonly embeddings: Float32Array;
  readonly size: number;
  /** int32 [N] */
  readonly template: Int32Array;
  /** int32 [N], the photo or the video that a face was taken from */
  readonly media: Int32Array;
  /** float32 [N], a factor on each embedding, such as the detector's score; absent: all count alike */
  readonly weight?: Float32Array;
}

/**
 * Templates by InsightFace's `image2template_feature` (`eval_ijbc.py`): the mean of the faces of each media, the sum of these means,
 * normalised.
 *
 * @returns float32 [T, size], unit rows, and the row of each template's number
 */
export const templateRows = ({ embeddings, size, template, media, weight }: TemplateFaces) => {
  const rowOf = new Map<number, number>();
  for (const number of Int32Array.from(template).sort()) if (!rowOf.has(number)) rowOf.set(number, rowOf.size);
  const groups = new Map<string, number[]>();
  template.forEach((number, face) => {
    const key = `${number} ${media[face]}`;
    const held = groups.get(key);
    if (held) held.push(face);
    else groups.set(key, [face]);
  });
  const sums = new Float64Array(rowOf.size * size);
  const mean = new Float64Array(size);
  for (const faces of groups.values()) {
    mean.fill(0);
    for (const face of faces) {
      const factor = weight?.[face] ?? 1;
      for (let k = 0; k < size; k++) mean[k] = (mean[k] as number) + factor * (embeddings[face * size + k] as number);
    }
    const at = (rowOf.get(template[faces[0] as number] as number) as number) * size;
    for (let k = 0; k < size; k++) sums[at + k] = (sums[at + k] as number) + (mean[k] as number) / faces.length;
  }
  const rows = new Float32Array(sums.length);
  for (let from = 0; from < sums.length; from += size) {
    const row = sums.subarray(from, from + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let k = 0; k < size; k++) rows[from + k] = (row[k] as number) / length;
  }
  return { rows, rowOf };
};

/** Cosine similarities of listed pairs of templates. */
export interface TemplateScores {
  /** float32 [P] in [-1, 1] */
  readonly similarity: Float32Array;
  /** uint8 [P], 1 where both templates are of one person */
  readonly same: Uint8Array;
}

/** TAR at the FAR of the ROC that is nearest to a rate. */
export interface NearestTar {
  /** The false accept rate that was asked for. */
  readonly far: number;
  readonly tar: number;
  /** The nearest that a threshold reaches, above or below. */
  readonly farReached: number;
}

/** 1e-6 … 1e-1 (InsightFace `eval_ijbc.py`). */
const rates = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

/**
 * TAR at the nearest FAR, as InsightFace reads it off scikit-learn's `roc_curve`: of points that are equally near, the last one,
 * which has the highest TAR.
 *
 * @param scores with at least one same and one different pair
 */
export const nearestTars = (scores: TemplateScores): NearestTar[] => {
  const { far, tar } = rocCurve(scores);
  return rates.map((rate) => {
    let best = 0;
    for (let i = 1; i < far.length; i++)
      if (Math.abs((far[i] as number) - rate) <= Math.abs((far[best] as number) - rate)) best = i;
    return { far: rate, tar: tar[best] as number, farReached: far[best] as number };
  });
};

/** `roc_curve(same, similarity)`: a point for each similarity that occurs, without those between two others on a line. */
const rocCurve = ({ similarity, same }: TemplateScores): { far: number[]; tar: number[] } => {
  const sorted = (is: 0 | 1): Float32Array => similarity.filter((_, pair) => same[pair] === is).sort();
  const [matching, others] = [sorted(1), sorted(0)];
  const points: { t: number; f: number }[] = [];
  let [i, j] = [matching.length, others.length];
  while (i > 0 || j > 0) {
    const limit = Math.max(matching[i - 1] ?? Number.NEGATIVE_INFINITY, others[j - 1] ?? Number.NEGATIVE_INFINITY);
    while (i > 0 && matching[i - 1] === limit) i--;
    while (j > 0 && others[j - 1] === limit) j--;
    points.push({ t: matching.length - i, f: others.length - j });
  }
  const kept = points.filter(({ t, f }, at) => {
    const [before, after] = [points[at - 1], points[at + 1]];
    return !before || !after || after.t - t !== t - before.t || after.f - f !== f - before.f;
  });
  return {
    far: [0, ...kept.map(({ f }) => f / others.length)],
    tar: [0, ...kept.map(({ t }) => t / matching.length)],
  };
};

/** What `evaluate/templates` keeps as `metrics.json`. */
export interface TemplateMetrics {
  readonly kind: 'templates';
  readonly channels: Channels;
  readonly sets: {
    readonly [set: string]: { readonly pairs: number; readonly same: number; readonly tar: readonly NearestTar[] };
  };
}

/** @param sets scores of each set, in the order of evaluation */
export const templateMetrics = (
  sets: readonly (readonly [set: string, scores: TemplateScores])[],
  channels: Channels,
): TemplateMetrics => ({
  kind: 'templates',
  channels,
  sets: Object.fromEntries(
    sets.map(([set, scores]) => {
      const same = scores.same.reduce((sum, each) => sum + each, 0);
      return [set, { pairs: scores.same.length, same, tar: nearestTars(scores) }];
    }),
  ),
});
