import { randomStream } from '../../core/random.ts';
import { type Augmentation, augmentInto } from '../augment.ts';
import { fillEach, type Maker } from './maker.ts';

/** Augmented images. The random draws for each image are a function of (seed, epoch, row). */
export interface AugmentRecipe {
  /** int32 [B], which images */
  readonly rows: Int32Array;
  readonly augment: Augmentation;
  readonly seed: number;
  readonly epoch: number;
}

export const maker: Maker<AugmentRecipe> = {
  url: import.meta.url,
  fill: (images, { rows, augment, seed, epoch }) =>
    fillEach(images, rows, rows.length, (batch, at, image, i) =>
      augmentInto(batch, at, image, augment, randomStream(seed, 'augment', epoch, rows[i] as number)),
    ),
};
