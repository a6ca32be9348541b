import type { JsonObject } from '../../../core/errors.ts';
import type { Read } from '../../sources.ts';
import type { Accuracies } from './verification.ts';

/** The training set, and how large it is. */
export type Volume = Read & { readonly identities: number; readonly images: number };

/** How long the recognizer was trained. */
export interface Training {
  readonly steps: number;
  readonly runs: readonly (Read & { readonly steps: number; readonly at: string })[];
}

/** GtR: the average of a reference minus that of a row, a fraction. */
export interface Gap {
  /** Label of the reference. */
  readonly from: string;
  readonly gap: number;
}

/** One row of the accuracy table. */
export interface AccuracyRow extends Accuracies {
  readonly label: string;
  readonly matrix: JsonObject;
  readonly reference: boolean;
  /** Trained on generated images, as far as its dataset says: only such rows compete for the best. */
  readonly generated: boolean;
  readonly volume?: Volume;
  /** GtR from each reference; empty without one. */
  readonly gapsToReal: readonly Gap[];
  /** Of the training, each of its runs. */
  readonly training?: Training;
  /** The axes that its runs differ in. */
  readonly meanOver: readonly string[];
}
