import type { JsonObject } from '../../../core/errors.ts';
import type { Read } from '../../sources.ts';
import type { Accuracies } from './verification.ts';

/** The training set, and how large it is. */
export type Volume = Read & { readonly identities: number; readonly images: number };

/** One row of the accuracy table. */
export interface AccuracyRow extends Accuracies {
  readonly label: string;
  readonly matrix: JsonObject;
  readonly reference: boolean;
  /** Trained on generated images, as far as its dataset says: only such rows compete for the best. */
  readonly generated: boolean;
  readonly volume?: Volume;
  /** GtR: the reference's average minus this one, a fraction; absent without a reference and for the reference itself. */
  readonly gapToReal?: number;
  /** The axes that its runs differ in. */
  readonly meanOver: readonly string[];
}
