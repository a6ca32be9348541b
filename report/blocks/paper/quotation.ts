import type { Digest } from '../../../core/digest.ts';
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
}

export type ReadQuotation = () => Promise<Quotation>;
