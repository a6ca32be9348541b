import { decodePacked, type PackedImages } from '../images.ts';

/** Images of one size, to be decoded. */
export interface DecodeJob {
  readonly packed: PackedImages;
  readonly height: number;
  readonly width: number;
  /** uint8 [N, H, W, 3], written */
  readonly into: SharedArrayBuffer;
}

/** Images that are decoded concurrently. */
const window = 16;

/** @throws CemiflowError `ImageInvalid`, `DatasetInvalid` */
export const decodeAll = async (job: DecodeJob): Promise<void> => {
  const pixels = new Uint8Array(job.into);
  const size = job.height * job.width * 3;
  const count = job.packed.spans.length / 2;
  for (let first = 0; first < count; first += window) {
    const taken = Math.min(window, count - first);
    const decoded = await Promise.all(
      Array.from({ length: taken }, (_, i) => decodePacked(job.packed, first + i, job)),
    );
    for (const [i, image] of decoded.entries()) pixels.set(image, (first + i) * size);
  }
};
