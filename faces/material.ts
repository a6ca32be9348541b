import type { Colour } from './colour.ts';

/** What a surface point is made of; written by the painters, read by the shader. */
export interface Material {
  r: number;
  g: number;
  b: number;
  /** Strength of the highlight. */
  shine: number;
  /** 0 … 1: how much of the light arrives (folds, sockets, under hair). */
  open: number;
}

export const material = (): Material => ({ r: 0, g: 0, b: 0, shine: 0, open: 1 });

/** Gives the material a colour, whatever it was before. */
export const setColour = (m: Material, [r, g, b]: Colour): void => {
  m.r = r;
  m.g = g;
  m.b = b;
};

/** Lays a colour over the material. @param t 0 … 1 */
export const lay = (m: Material, c: Colour, t: number): void => {
  if (t <= 0) return;
  m.r += (c[0] - m.r) * t;
  m.g += (c[1] - m.g) * t;
  m.b += (c[2] - m.b) * t;
};

/** Stains the material: multiplies its colour. @param t 0 … 1 */
export const stain = (m: Material, r: number, g: number, b: number, t: number): void => {
  if (t <= 0) return;
  m.r *= 1 - (1 - r) * t;
  m.g *= 1 - (1 - g) * t;
  m.b *= 1 - (1 - b) * t;
};
