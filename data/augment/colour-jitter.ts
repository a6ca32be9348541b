/** One draw of colour jitter: the factors of torchvision's four adjustments, and the order in which they are made. */
export interface ColourJitter {
  readonly order: readonly Adjustment[];
  /** Factors around 1; hue in turns around 0. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

type Adjustment = 'brightness' | 'contrast' | 'saturation' | 'hue';

const adjustments: readonly Adjustment[] = ['brightness', 'contrast', 'saturation', 'hue'];

/**
 * Draws as torchvision's `ColorJitter` does: the order first, then brightness, contrast, saturation and hue.
 *
 * @param jitter half width of the ranges around 1, and of hue around 0
 */
export const drawColourJitter = (jitter: number, uniform: () => number): ColourJitter => {
  const order = [...adjustments];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j] as Adjustment, order[i] as Adjustment];
  }
  const around = (center: number): number => center + jitter * (2 * uniform() - 1);
  return { order, brightness: around(1), contrast: around(1), saturation: around(1), hue: around(0) };
};

/**
 * Adjusts the colours of one image in place, as torchvision does with float images: each adjustment is clipped before the
 * next.
 *
 * @param pixels float32 [count · 3], RGB in 0 … 255
 */
export const adjustColours = (pixels: Float32Array, jitter: ColourJitter): void => {
  for (const name of jitter.order) adjust[name](pixels, jitter[name]);
};

/** torchvision's weights, which add up to 0.9999. */
const greyOf = (r: number, g: number, b: number): number => 0.2989 * r + 0.587 * g + 0.114 * b;

const clipped = (value: number): number => Math.max(0, Math.min(value, 255));

const meanGrey = (pixels: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) {
    sum += greyOf(pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number);
  }
  return sum / (pixels.length / 3);
};

const adjust: Readonly<Record<Adjustment, (pixels: Float32Array, factor: number) => void>> = {
  brightness: (pixels, factor) => {
    for (let i = 0; i < pixels.length; i++) pixels[i] = clipped((pixels[i] as number) * factor);
  },
  /** Away from the mean grey of the image, or towards it. */
  contrast: (pixels, factor) => {
    const offset = meanGrey(pixels) * (1 - factor);
    for (let i = 0; i < pixels.length; i++) pixels[i] = clipped((pixels[i] as number) * factor + offset);
  },
  /** Away from the grey of each pixel, or towards it. */
  saturation: (pixels, factor) => {
    for (let i = 0; i < pixels.length; i += 3) {
      const [r, g, b] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
      const offset = greyOf(r, g, b) * (1 - factor);
      pixels[i] = clipped(r * factor + offset);
      pixels[i + 1] = clipped(g * factor + offset);
      pixels[i + 2] = clipped(b * factor + offset);
    }
  },
  /** By turns around the hue circle of HSV. */
  hue: (pixels, turns) => {
    const sixths = 6 * turns;
    for (let i = 0; i < pixels.length; i += 3) turnHue(pixels, i, sixths);
  },
};

/** Turns one pixel by sixths of the hue circle, -3 … 3. Grey has no hue to turn. */
const turnHue = (pixels: Float32Array, at: number, sixths: number): void => {
  const [r, g, b] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
  const value = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  const chroma = value - least;
  if (chroma === 0) return;
  // From red: -1 … 5, then turned and brought back to 0 … 6.
  let hue = sixths + (value === r ? (g - b) / chroma : value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma);
  if (hue < 0) hue += 6;
  if (hue >= 6) hue -= 6;
  const sector = Math.floor(hue);
  const part = hue - sector;
  const falling = value - chroma * part;
  const rising = value - chroma * (1 - part);
  pixels[at] = sector === 0 || sector === 5 ? value : sector === 1 ? falling : sector === 4 ? rising : least;
  pixels[at + 1] = sector === 1 || sector === 2 ? value : sector === 3 ? falling : sector === 0 ? rising : least;
  pixels[at + 2] = sector === 3 || sector === 4 ? value : sector === 5 ? falling : sector === 2 ? rising : least;
};
