import { transformBlock } from '../core/dct.ts';
import { normalStream, randomStream } from '../core/random.ts';
import { encode } from './colour.ts';
import { clamp } from './noise.ts';
import type { Photo } from './photo.ts';

/**
 * From linear light to the bytes of a photo: exposure and film curve, saturation, contrast, lens blur, sensor noise,
 * block compression.
 *
 * @param linear float32 [size, size, 3] linear light @param gain exposure
 * @returns uint8 [size, size, 3] sRGB
 */
export const develop = (linear: Float32Array, size: number, photo: Photo, gain: number): Uint8Array => {
  const n = size * size;
  const image = new Float32Array(n * 3);
  blurInto(linear, size, photo.blur * size);
  for (let k = 0; k < n * 3; k += 3) {
    let r = encode(film((linear[k] as number) * gain));
    let g = encode(film((linear[k + 1] as number) * gain));
    let b = encode(film((linear[k + 2] as number) * gain));
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    r = grey + (r - grey) * photo.saturation;
    g = grey + (g - grey) * photo.saturation;
    b = grey + (b - grey) * photo.saturation;
    image[k] = 118 + (r - 118) * photo.contrast;
    image[k + 1] = 118 + (g - 118) * photo.contrast;
    image[k + 2] = 118 + (b - 118) * photo.contrast;
  }
  if (photo.noise > 0) {
    const normal = normalStream(randomStream(photo.grain, 'sensor'));
    for (let k = 0; k < n * 3; k += 3) {
      const luma = normal() * photo.noise;
      for (let c = 0; c < 3; c++) image[k + c] = (image[k + c] as number) + luma + normal() * photo.noise * 0.4;
    }
  }
  if (photo.compression > 0) compress(image, size, photo.compression);
  const out = new Uint8Array(n * 3);
  for (let k = 0; k < out.length; k++) out[k] = clamp(Math.round(image[k] as number), 0, 255);
  return out;
};

/** Highlights roll off instead of clipping. */
const film = (x: number): number => 1 - Math.exp(-1.25 * Math.max(0, x));

/** Separable Gaussian in place. @param sigma pixels */
const blurInto = (image: Float32Array, size: number, sigma: number): void => {
  if (sigma < 0.15) return;
  const radius = Math.min(size - 1, Math.ceil(sigma * 2.5));
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((s, x) => s + x, 0);
  const row = new Float32Array(size);
  for (let axis = 0; axis < 2; axis++) {
    const step = axis === 0 ? 3 : size * 3;
    const line = axis === 0 ? size * 3 : 3;
    for (let l = 0; l < size; l++) {
      for (let c = 0; c < 3; c++) {
        const base = l * line + c;
        for (let i = 0; i < size; i++) row[i] = image[base + i * step] as number;
        for (let i = 0; i < size; i++) {
          let sum = 0;
          for (let k = -radius; k <= radius; k++) {
            sum += (row[clamp(i + k, 0, size - 1)] as number) * (kernel[k + radius] as number);
          }
          image[base + i * step] = sum / total;
        }
      }
    }
  }
};

/** What JPEG does to 8 x 8 blocks of luma and chroma: coefficients are rounded to steps that grow with frequency. */
const compress = (image: Float32Array, size: number, strength: number): void => {
  const block = new Float64Array(64);
  const half = new Float64Array(64);
  const planes = [new Float32Array(size * size), new Float32Array(size * size), new Float32Array(size * size)] as const;
  for (let k = 0; k < size * size; k++) {
    const r = image[k * 3] as number;
    const g = image[k * 3 + 1] as number;
    const b = image[k * 3 + 2] as number;
    planes[0][k] = 0.299 * r + 0.587 * g + 0.114 * b;
    planes[1][k] = -0.1687 * r - 0.3313 * g + 0.5 * b;
    planes[2][k] = 0.5 * r - 0.4187 * g - 0.0813 * b;
  }
  planes.forEach((plane, p) => {
    for (let by = 0; by < size; by += 8) {
      for (let bx = 0; bx < size; bx += 8) {
        for (let i = 0; i < 64; i++) {
          const y = Math.min(size - 1, by + (i >> 3));
          block[i] = plane[y * size + Math.min(size - 1, bx + (i & 7))] as number;
        }
        transformBlock(block, half, false);
        for (let i = 0; i < 64; i++) {
          const step = (p === 0 ? 5 : 9) * strength * (1 + 0.7 * ((i >> 3) + (i & 7)));
          block[i] = Math.round((block[i] as number) / step) * step;
        }
        transformBlock(block, half, true);
        for (let i = 0; i < 64; i++) {
          const y = by + (i >> 3);
          const x = bx + (i & 7);
          if (y < size && x < size) plane[y * size + x] = block[i] as number;
        }
      }
    }
  });
  for (let k = 0; k < size * size; k++) {
    const y = planes[0][k] as number;
    const u = planes[1][k] as number;
    const v = planes[2][k] as number;
    image[k * 3] = y + 1.402 * v;
    image[k * 3 + 1] = y - 0.3441 * u - 0.7141 * v;
    image[k * 3 + 2] = y + 1.772 * u;
  }
};
