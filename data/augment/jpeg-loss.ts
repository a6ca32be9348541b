import { transformBlock } from '../../core/dct.ts';

/** Quantisation of luminance and of chrominance at quality 50, row by row (ITU-T T.81, tables K.1 and K.2). */
const luminance = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
const chrominance = Array.from({ length: 64 }, (_, i) => {
  const corner = [17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99];
  const [row, column] = [i >> 3, i & 7];
  return row < 4 && column < 4 ? (corner[4 * row + column] as number) : 99;
});

/** The tables at another quality, as libjpeg scales them. */
const scaled = (table: readonly number[], quality: number): number[] => {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return table.map((step) => Math.max(1, Math.min(255, Math.floor((step * percent + 50) / 100))));
};

/**
 * What storing an image as JPEG does to it, in place: blocks of 8 × 8 lose what lies below a step of quantisation. Colours keep their
 * full resolution (4:4:4), and nothing is encoded.
 *
 * @param pixels float32 [H · W · 3], RGB in 0 … 255, afterwards whole numbers @param quality 1 … 100
 */
export const compressJpeg = (
  pixels: Float32Array,
  { height, width }: { readonly height: number; readonly width: number },
  quality: number,
): void => {
  const tables = [scaled(luminance, quality), scaled(chrominance, quality), scaled(chrominance, quality)];
  const count = height * width;
  const planes = tables.map(() => new Float32Array(count));
  const [ys, us, vs] = planes as [Float32Array, Float32Array, Float32Array];
  for (let k = 0; k < count; k++) {
    const [r, g, b] = [pixels[3 * k], pixels[3 * k + 1], pixels[3 * k + 2]] as [number, number, number];
    ys[k] = Math.round(0.299 * r + 0.587 * g + 0.114 * b) - 128;
    us[k] = Math.round(-0.168736 * r - 0.331264 * g + 0.5 * b);
    vs[k] = Math.round(0.5 * r - 0.418688 * g - 0.081312 * b);
  }
  for (const [p, plane] of planes.entries()) quantise(plane, { height, width }, tables[p] as number[]);
  for (let k = 0; k < count; k++) {
    const [y, u, v] = [level(ys[k]), chroma(us[k]), chroma(vs[k])];
    pixels[3 * k] = whole(y + 1.402 * v);
    pixels[3 * k + 1] = whole(y - 0.344136 * u - 0.714136 * v);
    pixels[3 * k + 2] = whole(y + 1.772 * u);
  }
};

const whole = (value: number): number => Math.max(0, Math.min(Math.round(value), 255));
const level = (value: number | undefined): number => whole((value ?? 0) + 128);
const chroma = (value: number | undefined): number => level(value) - 128;

/** Rounds the coefficients of each block to its steps. Blocks at the edge repeat the last row and column. */
const quantise = (
  plane: Float32Array,
  { height, width }: { readonly height: number; readonly width: number },
  steps: readonly number[],
): void => {
  const block = new Float64Array(64);
  const half = new Float64Array(64);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      for (let i = 0; i < 64; i++) {
        const y = Math.min(height - 1, top + (i >> 3));
        block[i] = plane[y * width + Math.min(width - 1, left + (i & 7))] as number;
      }
      transformBlock(block, half, false);
      for (let i = 0; i < 64; i++) {
        const step = steps[i] as number;
        block[i] = Math.round((block[i] as number) / step) * step;
      }
      transformBlock(block, half, true);
      for (let i = 0; i < 64; i++) {
        const [y, x] = [top + (i >> 3), left + (i & 7)];
        if (y < height && x < width) plane[y * width + x] = block[i] as number;
      }
    }
  }
};
