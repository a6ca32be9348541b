import { copyInto } from '../augment/augment.ts';
import { fillEach, type Maker } from './maker.ts';

/** Images as they are, or mirrored. */
export interface CopyRecipe {
  /** int32 [≤ B], which images */
  readonly rows: Int32Array;
  /** uint8, 1 for a mirrored image; default none */
  readonly mirrored?: Uint8Array;
  /** Size of the batch if larger than `rows`; the rest is zeros */
  readonly slots?: number;
}

export const maker: Maker<CopyRecipe> = {
  url: import.meta.url,
  fill: (images, { rows, mirrored, slots = rows.length }) =>
    fillEach(images, rows, slots, (batch, at, image, i) => copyInto(batch, at, image, mirrored?.[i] === 1)),
};
