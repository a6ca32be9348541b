import { unitRows } from './centers.ts';
import type { Channels } from './verification.ts';

/** Faces as templates are made of them. */
export interface TemplateFaces {
  /** int32 [N] */
  readonly template: Int32Array;
  /** int32 [N], the photo or the video that a face was taken from */
  readonly media: Int32Array;
  /** float32 [N], a factor on each embedding, such as the detector's score; absent: all count alike */
  readonly weight?: Float32Array;
}

/**
 * Templates by InsightFace's `image2template_feature` (`eval_ijbc.py`): the mean of the faces of each media, the sum of these means,
 * normalised. Faces come block by block, so that no more than a row for each template is in memory.
 */
export class Templates {
  /** Row of each template, by its number, ascending. */
  readonly rowOf: ReadonlyMap<number, number>;
  readonly #faces: TemplateFaces;
  readonly #size: number;
  /** Faces of each media of each template. */
  readonly #facesOf = new Map<string, number>();
  readonly #sums: Float64Array;

  constructor(faces: TemplateFaces, size: number) {
    const numbers = [...new Set(Int32Array.from(faces.template).sort())];
    this.rowOf = new Map(numbers.map((number, row) => [number, row]));
    this.#faces = faces;
    this.#size = size;
    for (let face = 0; face < faces.template.length; face++)
      this.#facesOf.set(this.#key(face), (this.#facesOf.get(this.#key(face)) ?? 0) + 1);
    this.#sums = new Float64Array(numbers.length * size);
  }

  /**
   * @param first number of the first face of the block
   * @param embeddings float32 [faces, size], the sums of the embeddings of image and mirror image, not normalised: a norm is a weight
   */
  add(first: number, embeddings: Float32Array): void {
    const size = this.#size;
    for (let i = 0; i * size < embeddings.length; i++) {
      const face = first + i;
      const factor = (this.#faces.weight?.[face] ?? 1) / (this.#facesOf.get(this.#key(face)) as number);
      const at = (this.rowOf.get(this.#faces.template[face] as number) as number) * size;
      for (let k = 0; k < size; k++)
        this.#sums[at + k] = (this.#sums[at + k] as number) + factor * (embeddings[i * size + k] as number);
    }
  }

  /** @returns float32 [T, size], unit rows */
  unit(): Float32Array {
    return unitRows(Float32Array.from(this.#sums), this.#size);
  }

  #key(face: number): string {
    return `${this.#faces.template[face]} ${this.#faces.media[face]}`;
  }
}

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
