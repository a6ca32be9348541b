import { normalStream } from '../../core/random.ts';
import { adjustColours } from './colour-jitter.ts';
import { compressJpeg } from './jpeg-loss.ts';
import { blurAlong, gaussian, resample, warpCorners } from './resample.ts';

/**
 * What makes training photos worse, each by a probability: colours, resolution, blur, noise, compression, and how the face lies
 * in the image. All 0 leaves the image as it is, and draws nothing.
 */
export interface Degradation {
  /** All but a part of the image turns black, and the part stays where it is (AdaFace: 0.2). */
  readonly cut: number;
  /** The four corners move, each on its own, and the image with them (DigiFace: always). */
  readonly warp: number;
  /** Brightness, contrast and saturation change together (AdaFace: 0.2). */
  readonly photometric: number;
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
  readonly grey: number;
  readonly blur: number;
  /** Blur along a line of any direction. */
  readonly motionBlur: number;
  /** The image is made smaller and large again (AdaFace: 0.2; DigiFace: 0.01). */
  readonly lowResolution: number;
  readonly noise: number;
  readonly jpeg: number;
}

type Range = readonly [lowest: number, highest: number];

/** How far each degradation goes; drawn evenly from ranges. AdaFace's code has the first three; DigiFace publishes none. */
export interface Magnitudes {
  /** Area of the part that a cut leaves, as a share of the image: [0.2, 1]. */
  readonly cut: Range;
  /** Side of the smaller image, as a share: [0.2, 1]. */
  readonly lowResolution: Range;
  /** Half width of the range around 1 of brightness, contrast and saturation: 0.5. */
  readonly colour: number;
  /** Half width of the range of hue around 0, in turns. */
  readonly hue: number;
  /** How far a corner moves at most, as a share of the side. */
  readonly warp: number;
  /** Standard deviation of the blur, as a share of the side. */
  readonly blur: Range;
  /** Length of the line, as a share of the side. */
  readonly motionBlur: Range;
  /** Standard deviation in levels of 0 … 255. */
  readonly noise: Range;
  /** Quality as libjpeg counts it, 1 … 100. */
  readonly jpeg: Range;
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * Degrades one image in place: position first, then colours, then what a lens, a sensor and a file do.
 *
 * @param pixels float32 [H · W · 3], RGB in 0 … 255
 * @param uniform numbers in [0, 1); one is drawn for each probability above 0, and more for what happens
 */
export const degrade = (
  pixels: Float32Array,
  size: Size,
  probabilities: Degradation,
  magnitudes: Magnitudes,
  uniform: () => number,
): void => {
  const side = Math.max(size.height, size.width);
  const happens = (name: keyof Degradation): boolean => probabilities[name] > 0 && uniform() < probabilities[name];
  const between = ([lowest, highest]: Range): number => lowest + (highest - lowest) * uniform();
  const around = (center: number, half: number): number => between([center - half, center + half]);
  const { colour, hue } = magnitudes;
  const same = { brightness: 1, contrast: 1, saturation: 1, hue: 0 } as const;
  const adjust = (name: keyof typeof same, factor: number): void =>
    adjustColours(pixels, { ...same, order: [name], [name]: factor });

  if (happens('cut')) cut(pixels, size, between(magnitudes.cut), uniform);
  if (happens('warp')) warpCorners(pixels, size, () => around(0, magnitudes.warp));
  if (happens('photometric'))
    for (const name of ['brightness', 'contrast', 'saturation'] as const) adjust(name, around(1, colour));
  for (const name of ['brightness', 'contrast', 'saturation'] as const)
    if (happens(name)) adjust(name, around(1, colour));
  if (happens('hue')) adjust('hue', around(0, hue));
  if (happens('grey')) adjust('saturation', 0);
  if (happens('blur')) {
    const kernel = gaussian(between(magnitudes.blur) * side);
    blurAlong(pixels, size, kernel, [0, 1]);
    blurAlong(pixels, size, kernel, [1, 0]);
  }
  if (happens('motionBlur')) {
    const reach = Math.max(1, Math.round((between(magnitudes.motionBlur) * side) / 2));
    const angle = Math.PI * uniform();
    blurAlong(pixels, size, new Float64Array(2 * reach + 1).fill(1), [Math.sin(angle), Math.cos(angle)]);
  }
  if (happens('lowResolution')) lowerResolution(pixels, size, between(magnitudes.lowResolution), uniform);
  if (happens('noise')) {
    const deviation = between(magnitudes.noise);
    const normal = normalStream(uniform);
    for (let i = 0; i < pixels.length; i++) pixels[i] = clipped((pixels[i] as number) + deviation * normal());
  }
  if (happens('jpeg')) compressJpeg(pixels, size, Math.round(between(magnitudes.jpeg)));
};

const clipped = (value: number): number => Math.max(0, Math.min(value, 255));

/** Leaves a part of this area, with a ratio of sides in [3/4, 4/3], and blackens the rest. */
const cut = (pixels: Float32Array, { height, width }: Size, area: number, uniform: () => number): void => {
  const ratio = Math.exp((2 * uniform() - 1) * Math.log(4 / 3));
  const h = Math.max(1, Math.min(height, Math.round(height * Math.sqrt(area / ratio))));
  const w = Math.max(1, Math.min(width, Math.round(width * Math.sqrt(area * ratio))));
  const top = Math.floor(uniform() * (height - h + 1));
  const left = Math.floor(uniform() * (width - w + 1));
  for (let y = 0; y < height; y++) {
    const row = 3 * y * width;
    const inside = y >= top && y < top + h;
    pixels.fill(0, row, inside ? row + 3 * left : row + 3 * width);
    if (inside) pixels.fill(0, row + 3 * (left + w), row + 3 * width);
  }
};

/** Makes the image smaller and large again, each time by the nearest pixel, between pixels, or by the mean over areas. */
const lowerResolution = (pixels: Float32Array, size: Size, share: number, uniform: () => number): void => {
  const way = () =>
    (['nearest', 'linear', 'area'] as const)[Math.floor(3 * uniform())] as 'nearest' | 'linear' | 'area';
  const small = {
    height: Math.max(1, Math.round(size.height * share)),
    width: Math.max(1, Math.round(size.width * share)),
  };
  const [down, up] = [way(), way()];
  pixels.set(resample(resample(pixels, size, small, down), small, size, up));
};
