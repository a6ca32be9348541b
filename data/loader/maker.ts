import type { Image } from '../../formats/image.ts';
import { type Images, pixelsOf } from '../images.ts';

/**
 * Makes batches of images. A batch is a function of the images and its recipe alone; a recipe is plain data that can be sent to
 * threads. A maker is the export `maker` of a separate module: stages import it, so that its code is part of their keys, and
 * threads load the same module by its URL.
 */
export interface Maker<Recipe> {
  /** `import.meta.url` */
  readonly url: string;
  /** @returns float32 [B, H, W, 3] in [-1, 1] */
  fill(images: Images, recipe: Recipe): Promise<Float32Array<ArrayBuffer>>;
}

/**
 * @param rows int32 [≤ B], which images
 * @param slots size of the batch; slots beyond `rows` are zeros
 * @param write writes row `i` of the batch from `at` on
 */
export const fillEach = async (
  images: Images,
  rows: Int32Array,
  slots: number,
  write: (batch: Float32Array, at: number, image: Image, i: number) => void,
): Promise<Float32Array<ArrayBuffer>> => {
  const { height, width } = images;
  const size = height * width * 3;
  const batch = new Float32Array(slots * size);
  const sources = Array.from(rows, (row) => pixelsOf(images, row));
  const decoded = sources.some((source) => source instanceof Promise) ? await Promise.all(sources) : sources;
  for (let i = 0; i < rows.length; i++) write(batch, i * size, { pixels: decoded[i] as Uint8Array, height, width }, i);
  return batch;
};
