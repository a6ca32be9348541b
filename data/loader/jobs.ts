import { decodePacked, type Images, type PackedImages } from '../images.ts';
import { fillBatch, type Recipe } from './fill.ts';

/** Work of the input threads, as messages carry it. */
export type Job = DecodeJob | FillJob;

/** Decodes images of one size side by side. */
export interface DecodeJob {
  readonly packed: PackedImages;
  readonly height: number;
  readonly width: number;
  /** uint8 [N, H, W, 3], written */
  readonly into: SharedArrayBuffer;
}

/** Makes one batch. */
export interface FillJob {
  readonly images: Images;
  readonly recipe: Recipe;
}

/** Images that are decoded at a time. */
const window = 16;

/** @returns the batch of a fill job */
export const perform = async (job: Job): Promise<Float32Array<ArrayBuffer> | undefined> => {
  if ('recipe' in job) return fillBatch(job.images, job.recipe);
  const { packed, height, width } = job;
  const pixels = new Uint8Array(job.into);
  const size = height * width * 3;
  const count = packed.spans.length / 2;
  for (let first = 0; first < count; first += window) {
    const taken = Math.min(window, count - first);
    const decoded = await Promise.all(Array.from({ length: taken }, (_, i) => decodePacked(packed, first + i, job)));
    for (const [i, image] of decoded.entries()) pixels.set(image, (first + i) * size);
  }
  return undefined;
};
