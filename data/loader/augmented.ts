import { randomStream } from '../../core/random.ts';
import { type Augmentation, augmentInto } from '../augment/augment.ts';
import type { Images } from '../images.ts';
import { fillEach, type Maker } from './maker.ts';

/** Augmented images. The random draws for each image are a function of (seed, epoch, row). */
export interface AugmentRecipe {
  /** int32 [B], which images */
  readonly rows: Int32Array;
  readonly augment: Augmentation;
  readonly seed: number;
  readonly epoch: number;
  /** Rows from `from` on are in an epoch of their own. */
  readonly second?: { readonly from: number; readonly epoch: number };
  /** Images that are augmented too and then blended into these, pixel by pixel: `share` of each image itself is left. */
  readonly blend?: { readonly rows: Int32Array; readonly share: number; readonly epoch: number };
}

export const maker: Maker<AugmentRecipe> = {
  url: import.meta.url,
  fill: async (images, recipe) => {
    const { second, blend } = recipe;
    const batch = await augmented(images, recipe, (row) =>
      second && row >= second.from ? second.epoch : recipe.epoch,
    );
    if (!blend) return batch;
    const others = await augmented(images, { ...recipe, rows: blend.rows }, () => blend.epoch);
    for (let i = 0; i < batch.length; i++)
      batch[i] = blend.share * (batch[i] as number) + (1 - blend.share) * (others[i] as number);
    return batch;
  },
};

const augmented = (
  images: Images,
  { rows, augment, seed }: AugmentRecipe,
  epochOf: (row: number) => number,
): Promise<Float32Array<ArrayBuffer>> =>
  fillEach(images, rows, rows.length, (batch, at, image, i) => {
    const row = rows[i] as number;
    augmentInto(batch, at, image, augment, randomStream(seed, 'augment', epochOf(row), row));
  });
