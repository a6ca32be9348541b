import { type TsneOptions, tsne } from './index.ts';

/** Embeddings that are mapped: images of a set, or inquiries. */
export interface Embedded {
  /** float32 [N, D] */
  readonly embeddings: Float32Array;
  /** D */
  readonly size: number;
  /** int32 [N] */
  readonly identity: Int32Array;
  /** int32 [N], number of the image inside its identity */
  readonly image: Int32Array;
}

/** Where points lie in the map. */
export interface MappedPoints {
  readonly identity: readonly number[];
  /** Number of the image inside its identity. */
  readonly image: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface MappedSet extends MappedPoints {
  readonly label: string;
  /** Digest of the set. */
  readonly data: string;
  /** Which of `inquiries` it was generated from, where they are in the map. */
  readonly inquiries?: number;
}

export interface MappedInquiries extends MappedPoints {
  /** Digest of the inquiries. */
  readonly inquiries: string;
}

/** What `evaluate/tsne` keeps as `metrics.json`: one map of all sets together. */
export interface TsneMetrics {
  readonly kind: 'tsne';
  /** Digest of the recognizer whose embeddings are mapped. */
  readonly recognizer: string;
  /** Images and inquiries. */
  readonly points: number;
  /** Length of an embedding. */
  readonly dimensions: number;
  readonly perplexity: number;
  readonly iterations: number;
  readonly earlyExaggeration: number;
  /** The one that was used. */
  readonly learningRate: number;
  /** Of the final map, in nats. */
  readonly klDivergence: number;
  readonly sets: readonly MappedSet[];
  readonly inquiries: readonly MappedInquiries[];
}

/** A set or inquiries with what the metrics state of them beside their points. */
export type ToMap<T> = Omit<T, keyof MappedPoints> & { readonly embedded: Embedded };

/**
 * Maps all of them together, so that distances can be compared between sets.
 *
 * @param onIteration called before each iteration @throws CemiflowError `TsneInvalid`
 */
export const tsneMetrics = async (
  {
    sets,
    inquiries,
  }: { readonly sets: readonly ToMap<MappedSet>[]; readonly inquiries: readonly ToMap<MappedInquiries>[] },
  { perplexity, iterations, earlyExaggeration, learningRate }: TsneOptions,
  recognizer: string,
  onIteration?: (iteration: number) => Promise<void>,
): Promise<TsneMetrics> => {
  const all = [...sets, ...inquiries].map(({ embedded }) => embedded);
  const dimensions = all[0]?.size ?? 0;
  const rows = Float32Array.from(all.flatMap(({ embeddings }) => [...embeddings]));
  const options = { perplexity, iterations, earlyExaggeration, learningRate };
  const map = await tsne(rows, dimensions, options, onIteration);
  let first = 0;
  const placed = <T>({ embedded, ...facts }: ToMap<T>) => {
    const own = map.points.subarray(2 * first, 2 * (first + embedded.identity.length));
    first += embedded.identity.length;
    return {
      ...facts,
      ...{ identity: [...embedded.identity], image: [...embedded.image] },
      x: [...own].filter((_, k) => k % 2 === 0),
      y: [...own].filter((_, k) => k % 2 === 1),
    };
  };
  return {
    ...{ kind: 'tsne', recognizer, points: rows.length / dimensions, dimensions },
    ...{ perplexity, iterations, earlyExaggeration, learningRate: map.learningRate, klDivergence: map.klDivergence },
    sets: sets.map(placed),
    inquiries: inquiries.map(placed),
  };
};
