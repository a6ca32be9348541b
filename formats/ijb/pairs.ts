import type { RandomAccess } from '../source.ts';
import { readRows, wholeNumber } from './fields.ts';

/** Templates that are compared. */
export interface TemplatePairs {
  /** int32 [P], number of a template */
  readonly left: Int32Array;
  /** int32 [P] */
  readonly right: Int32Array;
  /** uint8 [P], 1 where both are of one person */
  readonly same: Uint8Array;
}

/** Pairs of a list; IJB-C has 15,658,489. As many as a file of the store holds as int32. */
const maxPairs = 16_000_000;
/** `1 2 0` and the end of the line. */
const leastLineBytes = 6;

/** Reads `ijbc_template_pair_label.txt`: `template template label`. @throws CemiflowError `FormatInvalid` with line and byte */
export const readTemplatePairs = async (file: RandomAccess): Promise<TemplatePairs> => {
  const room = Math.min(maxPairs, Math.floor(file.bytes / leastLineBytes) + 1);
  const [left, right, same] = [new Int32Array(room), new Int32Array(room), new Uint8Array(room)];
  let count = 0;
  for await (const row of readRows(file, { format: 'IJB pairs', count: 3, most: maxPairs })) {
    left[count] = wholeNumber(row, 0);
    right[count] = wholeNumber(row, 1);
    const label = row.fields[2] as string;
    if (label !== '0' && label !== '1')
      throw row.refuse(`the label must be 0 or 1, got ${JSON.stringify(label.slice(0, 50))}`);
    same[count++] = Number(label);
  }
  return { left: left.slice(0, count), right: right.slice(0, count), same: same.slice(0, count) };
};
