import type { Digest } from '../core/digest.ts';

/** A number of a table, repeated in a sentence: it links to where the table's number was read. */
export interface CitedNumber {
  readonly text: string;
  /** The number's id, as `numberIds` gives it. */
  readonly id: string;
  readonly artifacts: readonly Digest[];
}

/** A conclusion that follows from a block's tables by fixed rules, in sentences. Its numbers stand in these tables. */
export type Statement = readonly (string | CitedNumber)[];

/** Sentences of one paragraph. */
export const paragraph = (sentences: readonly Statement[]): Statement =>
  sentences.flatMap((sentence, i) => (i === 0 ? sentence : [' ', ...sentence]));
