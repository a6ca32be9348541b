import type { Digest } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import type { PaperResults } from './paper/paper.ts';
import type { Skipped } from './params.ts';

/** Everything that a report shows, as numbers with the artifact that each came from. No markup, no times, no hosts. */
export interface ReportModel {
  readonly title: string;
  readonly description: string;
  /** A caution printed under the accuracy table, such as what the benchmarks are. */
  readonly note: string;
  /** What the report was made without; absent where nothing was skipped. */
  readonly skipped?: readonly Skipped[];
  /** Benchmarks in the order of their columns. */
  readonly sets: readonly string[];
  readonly accuracy: readonly AccuracyRow[];
  readonly curve?: Curve;
  readonly similarity: readonly SimilarityGroup[];
  readonly privacy: readonly PrivacyRow[];
  readonly grid?: Grid;
  readonly samples: readonly SampleSheet[];
  readonly training: readonly TrainingLog[];
  readonly paper?: PaperResults;
  readonly sources: readonly Source[];
}

/** One artifact (or quotation) that numbers or pictures were read from. */
export interface Source {
  readonly digest: Digest;
  readonly type: string;
  /** What it is in this report, for people: once for each use. */
  readonly what: readonly string[];
}

/** Where something was read: equal artifacts of several stages are told apart by the parameter that names them. */
export interface Read {
  readonly artifact: Digest;
  /** Place in the report's parameters: `accuracy.2.metrics.1.artifact`. */
  readonly input: string;
}

/** Verification of one recognizer on the benchmarks; accuracies are fractions 0 … 1. */
export interface Verification extends Read {
  readonly sets: { readonly [set: string]: SetAccuracy };
  readonly average: number;
}

export interface SetAccuracy {
  readonly accuracy: number;
  /** Standard deviation over the folds. */
  readonly std: number;
  readonly pairs?: number;
  /** Digest of the file of pair scores that the accuracy was computed from. */
  readonly scores?: string;
}

export interface AccuracyRow extends Verification {
  readonly label: string;
  readonly matrix: JsonObject;
  readonly reference: boolean;
  /** Trained on generated images, as far as its dataset says: only such rows compete for the best. */
  readonly generated: boolean;
  /** The training set, and how large it is. */
  readonly volume?: Read & { readonly identities: number; readonly images: number };
  /** GtR: the reference's average minus this one, a fraction; absent without a reference and for the reference itself. */
  readonly gapToReal?: number;
}

export interface Curve {
  readonly axis: string;
  /** Ascending in x. */
  readonly points: readonly (Verification & { readonly x: number })[];
  readonly reference?: AccuracyRow;
}

/** Similarity of generated images to their inquiry images, by one recognizer. */
export interface SimilarityGroup {
  readonly label: string;
  readonly axis: string;
  /** Ascending in x. */
  readonly rows: readonly SimilarityRow[];
}

export interface SimilarityRow extends Read {
  readonly label: string;
  readonly x: number;
  readonly mean: number;
  readonly std: number;
  /** `edges` has one more entry than `counts`. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  /** Identities by their mean similarity (the paper's table 7). */
  readonly bins?: { readonly labels: readonly string[]; readonly identities: readonly number[] };
}

/** How near the identities of a generated set come to real ones, by embedding. */
export interface PrivacyRow extends Read {
  readonly label: string;
  readonly realIdentities: number;
  /** The verification set whose threshold stands for a match, and that threshold as a cosine. */
  readonly set: string;
  readonly threshold: number;
  /** Mean over synthetic identities of the cosine to the nearest real one. */
  readonly mean: number;
  readonly highest: number;
  readonly identities: Exceeding;
  readonly images: Exceeding;
  /** Identities whose nearest real one is the inquiry that they were made from; absent where the real ones are others. */
  readonly ownInquiry?: number;
}

/** How many are above the threshold; a share 0 … 1. */
export interface Exceeding {
  readonly count: number;
  readonly share: number;
}

export interface Picture {
  readonly artifact: Digest;
  readonly pngBase64: string;
  readonly width: number;
  readonly height: number;
  readonly identity: number;
  readonly image: number;
}

/** Rows share their noise; columns are the values of m. */
export interface Grid {
  readonly artifact: Digest;
  readonly inquiries: Digest;
  readonly m: readonly number[];
  readonly rows: readonly { readonly inquiry: Picture; readonly pictures: readonly Picture[] }[];
}

/** Images of one dataset: a row for each identity. */
export interface SampleSheet {
  readonly label: string;
  readonly artifact: Digest;
  readonly rows: readonly (readonly Picture[])[];
}

export interface TrainingLog extends Read {
  readonly label: string;
  readonly series: readonly {
    readonly name: string;
    readonly steps: readonly number[];
    readonly values: readonly number[];
  }[];
}
