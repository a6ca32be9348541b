/** Integer hash of two coordinates and a seed, uniform in [0, 1). */
export const hash2 = (x: number, y: number, seed: number): number => {
  let h = (Math.imul(x | 0, 0x27d4eb2d) ^ Math.imul(y | 0, 0x165667b1) ^ seed) | 0;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
};

/** Smooth value noise with lattice spacing 1, in [0, 1). */
export const valueNoise = (x: number, y: number, seed: number): number => {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const sx = fx * fx * (3 - 2 * fx);
  const sy = fy * fy * (3 - 2 * fy);
  const top = hash2(ix, iy, seed) * (1 - sx) + hash2(ix + 1, iy, seed) * sx;
  const bottom = hash2(ix, iy + 1, seed) * (1 - sx) + hash2(ix + 1, iy + 1, seed) * sx;
  return top + (bottom - top) * sy;
};

export const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(x, high));
export const mix = (a: number, b: number, t: number): number => a + (b - a) * t;

/** 0 below `low`, 1 above `high`, cubic in between. Works for low > high too (then falling). */
export const smoothstep = (low: number, high: number, x: number): number => {
  const t = clamp((x - low) / (high - low), 0, 1);
  return t * t * (3 - 2 * t);
};

/** Bump of height 1 and radius 1 with compact support: (1 - r^2)^3, like a Gaussian of sigma 0.38. */
export const bump = (dx: number, dy: number): number => {
  const q = 1 - dx * dx - dy * dy;
  return q > 0 ? q * q * q : 0;
};

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Catmull-Rom through (xs, ys), xs rising; constant outside. */
export const spline = (xs: readonly number[], ys: readonly number[], x: number): number => {
  const last = xs.length - 1;
  if (x <= at(xs, 0)) return at(ys, 0);
  if (x >= at(xs, last)) return at(ys, last);
  let i = 0;
  while (at(xs, i + 1) < x) i++;
  const x0 = at(xs, i);
  const span = at(xs, i + 1) - x0;
  const t = (x - x0) / span;
  const y0 = at(ys, i);
  const y1 = at(ys, i + 1);
  const m0 = slope(xs, ys, i) * span;
  const m1 = slope(xs, ys, i + 1) * span;
  const t2 = t * t;
  const t3 = t2 * t;
  return (2 * t3 - 3 * t2 + 1) * y0 + (t3 - 2 * t2 + t) * m0 + (3 * t2 - 2 * t3) * y1 + (t3 - t2) * m1;
};

const slope = (xs: readonly number[], ys: readonly number[], k: number): number => {
  const a = Math.max(0, k - 1);
  const b = Math.min(xs.length - 1, k + 1);
  return (at(ys, b) - at(ys, a)) / (at(xs, b) - at(xs, a));
};

const at = (list: readonly number[], i: number): number => list[i] as number;
