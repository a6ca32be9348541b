import type { Digest } from '../../../core/digest.ts';
import type { Json } from '../../../core/errors.ts';
import type { TableModel } from '../../table.ts';

/**
 * The results that a method's paper prints, to be quoted beside ours. A method brings them as
 * `methods/<method>/paper/quotation.ts`, which exports `quotation`.
 */
export interface Quotation {
  /** Digest of the file that is quoted; each number of the tables names it as its artifact. */
  readonly artifact: Digest;
  /** What it is, for the list of sources. */
  readonly what: string;
  /** Ids begin with a word of the method's own, since numbers are named by them. */
  readonly tables: readonly TableModel[];
  /** The paper's comparison of methods, for reports that compare methods too. */
  readonly comparison?: readonly PrintedRow[];
  /** The file itself, for tables that are made again; accuracies of a row stand under `acc`, in the order of the benchmarks. */
  readonly results?: { readonly file: string; readonly data: Json; readonly benchmarks: readonly string[] };
}

/** One row of a printed comparison. Accuracies are in percent, as printed. */
export interface PrintedRow {
  /** Digest of the quoted file. */
  readonly artifact: Digest;
  /** Where in it the row is: a file and a JSON pointer. */
  readonly at: string;
  readonly method: string;
  /** Absent where the paper does not print it. */
  readonly loss?: string;
  /** Images, as printed. */
  readonly volume: string;
  /** Whether the paper's authors ran it under their own settings. */
  readonly reproduced: boolean;
  readonly average: number;
  /** GtR, in percentage points; null where it is not printed. */
  readonly gap: number | null;
}

export type ReadQuotation = () => Promise<Quotation>;
