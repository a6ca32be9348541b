/** An image in memory. `pixels` is uint8 RGB [height, width, 3]. */
export interface Photo {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Part of a photo: rows `top` up to `bottom`, columns `left` up to `right`. */
export interface Region {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Scales part of a photo as PyTorch's `interpolate(mode='area')` does: a pixel is the mean of all that it touches. Levels are scaled as MTCNN takes them,
 * (x − 127.5) / 128.
 *
 * @param into float32 [height, width, 3] from `at` on, written
 */
export const resample = (
  { pixels, width: stride }: Photo,
  { top, bottom, left, right }: Region,
  { height, width }: { readonly height: number; readonly width: number },
  into: Float32Array,
  at = 0,
): void => {
  const columns = right - left;
  const sums = new Float64Array(columns * 3);
  for (let y = 0, to = at; y < height; y++) {
    const from = Math.floor((y * (bottom - top)) / height);
    const until = Math.ceil(((y + 1) * (bottom - top)) / height);
    sums.fill(0);
    for (let row = from; row < until; row++) {
      const start = ((top + row) * stride + left) * 3;
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (pixels[start + i] as number);
    }
    for (let x = 0; x < width; x++) {
      const first = Math.floor((x * columns) / width);
      const end = Math.ceil(((x + 1) * columns) / width);
      const count = (until - from) * (end - first);
      for (let channel = 0; channel < 3; channel++, to++) {
        let sum = 0;
        for (let i = first * 3 + channel; i < end * 3; i += 3) sum += sums[i] as number;
        into[to] = (Math.fround(sum / count) - 127.5) * 0.0078125;
      }
    }
  }
};
