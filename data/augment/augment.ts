import type { Image } from '../../formats/image.ts';
import { adjustColours, drawColourJitter } from './colour-jitter.ts';
import { type Degradation, degrade, type Magnitudes } from './degrade.ts';

/**
 * The augmentation of CemiFace's recognizer training: random resized crop, horizontal flip, colour jitter,
 * random erasing. Each step does what torchvision's transform of the same name does with the same draws. Other recipes degrade
 * photos before they erase.
 */
export interface Augmentation {
  /** Area of the crop as a share of the image, drawn evenly: [0.9, 1]. */
  readonly cropScale: readonly [lowest: number, highest: number];
  /** Probability of a mirror image: 0.5. */
  readonly flip: number;
  /** Half width of the ranges of brightness, contrast and saturation around 1, and of hue in turns around 0: 0.1. */
  readonly jitter: number;
  /** Probability that a rectangle is erased: 0.5. */
  readonly erase: number;
  /** Area of that rectangle as a share of the image: [0.02, 0.1]. */
  readonly eraseScale: readonly [lowest: number, highest: number];
  readonly degrade?: Degradation;
  readonly magnitudes?: Magnitudes;
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const attempts = 10;

/**
 * Writes one image, augmented, in [-1, 1]. The result depends on the pixels and the stream alone.
 *
 * @param target float32; H · W · 3 values are written from `at` on
 * @param uniform numbers in [0, 1): `randomStream(seed, 'augment', epoch, index)`
 */
export const augmentInto = (
  target: Float32Array,
  at: number,
  from: Image,
  options: Augmentation,
  uniform: () => number,
): void => {
  const { height, width } = from;
  const box = cropBox(height, width, options.cropScale, uniform);
  const mirrored = uniform() < options.flip;
  resizeCrop(target, at, from, box, mirrored);
  const end = at + height * width * 3;
  if (options.jitter > 0) adjustColours(target.subarray(at, end), drawColourJitter(options.jitter, uniform));
  if (options.degrade && options.magnitudes)
    degrade(target.subarray(at, end), from, options.degrade, options.magnitudes, uniform);
  for (let i = at; i < end; i++) target[i] = (target[i] as number) / 127.5 - 1;
  if (uniform() < options.erase) eraseBox(target, at, height, width, options.eraseScale, uniform);
};

/** Writes one image as it is, or its mirror image, in [-1, 1]. */
export const copyInto = (
  target: Float32Array,
  at: number,
  { pixels, height, width }: Image,
  mirrored = false,
): void => {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = at + (y * width + x) * 3;
      const from = (y * width + (mirrored ? width - 1 - x : x)) * 3;
      for (let c = 0; c < 3; c++) target[to + c] = (pixels[from + c] as number) / 127.5 - 1;
    }
  }
};

const between = (uniform: () => number, [lowest, highest]: readonly [number, number]): number =>
  lowest + (highest - lowest) * uniform();

/** A crop of the wanted area and a ratio of sides in [3/4, 4/3]; the whole image where ten draws do not fit into it. */
const cropBox = (height: number, width: number, scale: readonly [number, number], uniform: () => number): Box => {
  for (let i = 0; i < attempts; i++) {
    const area = height * width * between(uniform, scale);
    const ratio = Math.exp(between(uniform, [Math.log(3 / 4), Math.log(4 / 3)]));
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const top = Math.floor(uniform() * (height - h + 1));
    return { top, left: Math.floor(uniform() * (width - w + 1)), height: h, width: w };
  }
  return { top: 0, left: 0, height, width };
};

/**
 * Writes a crop at the full size of its image, in 0 … 255: bilinear, with the centres of pixels at halves, as
 * torchvision's `resized_crop`.
 */
const resizeCrop = (
  target: Float32Array,
  at: number,
  { pixels, height, width }: Image,
  box: Box,
  mirrored: boolean,
): void => {
  const columns = taps(width, box.left, box.width);
  const rows = taps(height, box.top, box.height);
  let to = at;
  for (let y = 0; y < height; y++) {
    const upper = (rows.first[y] as number) * width * 3;
    const lower = (rows.second[y] as number) * width * 3;
    const down = rows.share[y] as number;
    for (let x = 0; x < width; x++) {
      const column = mirrored ? width - 1 - x : x;
      const left = (columns.first[column] as number) * 3;
      const right = (columns.second[column] as number) * 3;
      const across = columns.share[column] as number;
      for (let c = 0; c < 3; c++) {
        const a = pixels[upper + left + c] as number;
        const b = pixels[lower + left + c] as number;
        const top = a + ((pixels[upper + right + c] as number) - a) * across;
        const bottom = b + ((pixels[lower + right + c] as number) - b) * across;
        target[to + c] = top + (bottom - top) * down;
      }
      to += 3;
    }
  }
};

/** For each of `size` targets, the two sources it lies between and the share of the second. */
const taps = (
  size: number,
  offset: number,
  length: number,
): { first: Int32Array; second: Int32Array; share: Float64Array } => {
  const first = new Int32Array(size);
  const second = new Int32Array(size);
  const share = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const source = Math.min(Math.max(((i + 0.5) * length) / size - 0.5, 0), length - 1);
    const low = Math.floor(source);
    first[i] = offset + low;
    second[i] = offset + Math.min(low + 1, length - 1);
    share[i] = source - low;
  }
  return { first, second, share };
};

/** Sets a rectangle to 0, mid-grey, with a ratio of sides in [0.3, 3.3]; nothing where ten draws do not fit. */
const eraseBox = (
  target: Float32Array,
  at: number,
  height: number,
  width: number,
  scale: readonly [number, number],
  uniform: () => number,
): void => {
  for (let i = 0; i < attempts; i++) {
    const area = height * width * between(uniform, scale);
    const ratio = Math.exp(between(uniform, [Math.log(0.3), Math.log(3.3)]));
    const h = Math.round(Math.sqrt(area * ratio));
    const w = Math.round(Math.sqrt(area / ratio));
    if (h < 1 || w < 1 || h >= height || w >= width) continue;
    const top = Math.floor(uniform() * (height - h + 1));
    const left = Math.floor(uniform() * (width - w + 1));
    for (let y = top; y < top + h; y++) target.fill(0, at + (y * width + left) * 3, at + (y * width + left + w) * 3);
    return;
  }
};
