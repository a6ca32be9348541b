import type { JsonObject } from '../../../core/errors.ts';
import type { FrechetMetrics } from '../../../metrics/frechet.ts';
import type { Differences } from '../../differences/differences.ts';
import type { Several } from '../../params.ts';
import type { Read } from '../../sources.ts';
import type { Volume } from '../accuracy/row.ts';
import type { Accuracies } from '../accuracy/verification.ts';
import type { PrintedRow } from '../paper/quotation.ts';
import type { Nearness } from '../privacy/read.ts';

export interface MethodsParams {
  readonly judge: string;
  readonly gallery: string;
  readonly meanOver: readonly string[];
  readonly paper?: string | null;
  readonly differencesFrom?: string | null;
  readonly rows: readonly RowParams[];
}

export interface RowParams {
  readonly label: string;
  readonly loss?: string;
  readonly metrics: Several;
  readonly data?: Several;
  readonly similarity?: Several;
  readonly frechet?: Several;
  readonly privacy?: Several;
  readonly cost?: { readonly [what in Cost]?: Several };
  readonly reference: boolean;
  readonly real: boolean;
  readonly printed?: PrintedChoice;
}

/** Which row of the paper's comparison is meant. */
export interface PrintedChoice {
  readonly method: string;
  readonly volume: string;
  readonly loss?: string;
  readonly reproduced: boolean;
}

/** What time was spent on, in the order of the columns. */
export const costs = ['training', 'generation', 'students'] as const;
export type Cost = (typeof costs)[number];

/** What was measured of a set by one evaluation, or by several that are averaged. */
export type Runs<T> = readonly (T & Read)[];

/** One method, or one set that students were trained on. */
export interface MethodRow extends Accuracies {
  readonly label: string;
  readonly loss?: string;
  readonly matrix: JsonObject;
  readonly reference: boolean;
  /** Whether it is real data: such rows do not compete for the best. */
  readonly real: boolean;
  readonly volume?: Volume;
  /** GtR, a fraction; absent without a reference. */
  readonly gap?: number;
  readonly similarity?: Runs<{ readonly mean: number }>;
  readonly frechet?: Runs<FrechetMetrics>;
  readonly privacy?: Runs<Nearness>;
  /** Places in the report's parameters that name what the time was spent on. */
  readonly cost: { readonly [what in Cost]?: readonly string[] };
  readonly printed?: PrintedRow;
}

/** All that the block shows. */
export interface Methods {
  readonly judge: string;
  readonly gallery: string;
  readonly rows: readonly MethodRow[];
  readonly meanOver: readonly string[];
  /** Absent where rows were not scored on the same pairs. */
  readonly differences?: Differences;
}
