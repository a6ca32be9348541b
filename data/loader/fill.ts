import { randomStream } from '../../core/random.ts';
import { type Augmentation, augmentInto, copyInto } from '../augment.ts';
import { type Images, pixelsOf } from '../images.ts';

/** How a batch is made of images: plain data, as it travels to threads. The batch depends on it and the images alone. */
export type Recipe = CopyRecipe | AugmentRecipe;

export interface CopyRecipe {
  /** int32 [B], which images */
  readonly rows: Int32Array;
  /** uint8 [B], 1 for the mirror image; none where absent */
  readonly mirrored?: Uint8Array;
  /** Images of the batch, if more than rows: the rest is zeros. */
  readonly slots?: number;
}

/** Each image's augmentation is drawn from (seed, epoch, its row). */
export interface AugmentRecipe {
  /** int32 [B], which images */
  readonly rows: Int32Array;
  readonly augment: Augmentation;
  readonly seed: number;
  readonly epoch: number;
}

/** @returns float32 [B, H, W, 3] in [-1, 1] */
export const fillBatch = async (images: Images, recipe: Recipe): Promise<Float32Array<ArrayBuffer>> => {
  const { height, width } = images;
  const { rows } = recipe;
  const size = height * width * 3;
  const slots = 'slots' in recipe ? (recipe.slots ?? rows.length) : rows.length;
  const batch = new Float32Array(slots * size);
  const sources = Array.from(rows, (row) => pixelsOf(images, row));
  const decoded = sources.some((source) => source instanceof Promise) ? await Promise.all(sources) : sources;
  for (const [i, row] of rows.entries()) {
    const image = { pixels: decoded[i] as Uint8Array, height, width };
    if ('augment' in recipe) {
      const { augment, seed, epoch } = recipe;
      augmentInto(batch, i * size, image, augment, randomStream(seed, 'augment', epoch, row));
    } else copyInto(batch, i * size, image, recipe.mirrored?.[i] === 1);
  }
  return batch;
};
