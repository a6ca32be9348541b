interface Size {
  readonly height: number;
  readonly width: number;
}

/** Weights of a Gaussian out to three standard deviations, which add up to 1. @param sigma in pixels */
export const gaussian = (sigma: number): Float64Array => {
  const reach = Math.max(1, Math.ceil(3 * sigma));
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    sigma > 0 ? Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)) : Number(i === reach),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
};

/**
 * Averages along a line through each pixel, in place. Beyond the edge, the edge goes on.
 *
 * @param pixels float32 [H · W · 3] @param weights of an odd number of places, the middle one the pixel itself; need not add up to 1
 * @param direction how far the next place is, in rows and columns; places between pixels take the nearest
 */
export const blurAlong = (
  pixels: Float32Array,
  { height, width }: Size,
  weights: Float64Array,
  [down, right]: readonly [down: number, right: number],
): void => {
  const source = pixels.slice();
  const reach = (weights.length - 1) / 2;
  const sum = weights.reduce((a, b) => a + b, 0);
  const places = Array.from(weights, (weight, i) => ({
    y: Math.round((i - reach) * down),
    x: Math.round((i - reach) * right),
    weight: weight / sum,
  }));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [r, g, b] = [0, 0, 0];
      for (const place of places) {
        const row = Math.max(0, Math.min(y + place.y, height - 1));
        const from = 3 * (row * width + Math.max(0, Math.min(x + place.x, width - 1)));
        r += place.weight * (source[from] as number);
        g += place.weight * (source[from + 1] as number);
        b += place.weight * (source[from + 2] as number);
      }
      const to = 3 * (y * width + x);
      pixels[to] = r;
      pixels[to + 1] = g;
      pixels[to + 2] = b;
    }
  }
};

/** How one axis is sampled anew: the nearest pixel, between two pixels, or the mean over what a new pixel covers. */
export type Way = 'nearest' | 'linear' | 'area';

/** @param pixels float32 [H · W · 3] of size `from` @returns float32 of size `to`; centres of pixels lie at halves */
export const resample = (pixels: Float32Array, from: Size, to: Size, way: Way): Float32Array => {
  const rows = weightsOf(from.height, to.height, way);
  const columns = weightsOf(from.width, to.width, way);
  const narrow = new Float32Array(from.height * to.width * 3);
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < to.width; x++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const [at, weight] of columns[x] as Weights)
          sum += weight * (pixels[3 * (y * from.width + at) + c] as number);
        narrow[3 * (y * to.width + x) + c] = sum;
      }
    }
  }
  const made = new Float32Array(to.height * to.width * 3);
  for (let y = 0; y < to.height; y++) {
    for (let i = 0; i < 3 * to.width; i++) {
      let sum = 0;
      for (const [at, weight] of rows[y] as Weights) sum += weight * (narrow[3 * at * to.width + i] as number);
      made[3 * y * to.width + i] = sum;
    }
  }
  return made;
};

type Weights = readonly (readonly [at: number, weight: number])[];

/** For each of `to` places, the places among `from` that it takes, and their weights, which add up to 1. */
const weightsOf = (from: number, to: number, way: Way): Weights[] =>
  Array.from({ length: to }, (_, i): Weights => {
    const [begin, end] = [(i * from) / to, ((i + 1) * from) / to];
    const middle = (begin + end) / 2;
    if (way === 'nearest') return [[Math.min(from - 1, Math.floor(middle)), 1]];
    if (way === 'area') {
      const taken: [number, number][] = [];
      for (let at = Math.floor(begin); at < end; at++) {
        const share = (Math.min(end, at + 1) - Math.max(begin, at)) / (end - begin);
        if (share > 0 && at < from) taken.push([at, share]);
      }
      return taken;
    }
    const source = Math.min(Math.max(middle - 0.5, 0), from - 1);
    const low = Math.floor(source);
    return low + 1 < from
      ? [
          [low, low + 1 - source],
          [low + 1, source - low],
        ]
      : [[low, 1]];
  });

/**
 * Moves the four corners, and the image with them, in place: what lies between is moved in proportion (bilinear). Beyond the
 * edge, the edge goes on.
 *
 * @param shift draws how far a corner moves along one axis, as a share of the side
 */
export const warpCorners = (pixels: Float32Array, { height, width }: Size, shift: () => number): void => {
  const source = pixels.slice();
  const corners = Array.from({ length: 4 }, () => [shift() * height, shift() * width] as const);
  const mixed = (axis: 0 | 1, v: number, u: number): number => {
    const [a, b, c, d] = corners.map((corner) => corner[axis]) as [number, number, number, number];
    return (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [v, u] = [(y + 0.5) / height, (x + 0.5) / width];
      readBetween(source, { height, width }, y + mixed(0, v, u), x + mixed(1, v, u), pixels, 3 * (y * width + x));
    }
  }
};

/** Writes three values from between four pixels. */
const readBetween = (
  source: Float32Array,
  { height, width }: Size,
  row: number,
  column: number,
  target: Float32Array,
  at: number,
): void => {
  const y = Math.max(0, Math.min(row, height - 1));
  const x = Math.max(0, Math.min(column, width - 1));
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
  const [down, across] = [y - top, x - left];
  for (let c = 0; c < 3; c++) {
    const read = (r: number, s: number): number => source[3 * (r * width + s) + c] as number;
    const upper = read(top, left) + (read(top, right) - read(top, left)) * across;
    const lower = read(bottom, left) + (read(bottom, right) - read(bottom, left)) * across;
    target[at + c] = upper + (lower - upper) * down;
  }
};
