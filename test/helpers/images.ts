import { type Images, pixelsOf } from '../../data/images.ts';

/** Images from pixels in one array, uint8 [N, H, W, 3]. */
export const imagesFrom = (pixels: Uint8Array, height: number, width: number): Images => {
  const count = pixels.length / (height * width * 3);
  const shared = new SharedArrayBuffer(pixels.length);
  new Uint8Array(shared).set(pixels);
  return { count, height, width, chunks: [{ first: 0, count, pixels: shared }] };
};

/** All pixels as one array, uint8 [N, H, W, 3]. */
export const allPixels = async (images: Images): Promise<Buffer> => {
  const rows = await Promise.all(Array.from({ length: images.count }, (_, row) => pixelsOf(images, row)));
  return Buffer.concat(rows);
};
