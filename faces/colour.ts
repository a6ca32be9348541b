import { clamp } from './noise.ts';

/** Linear-light RGB, each about 0 … 1. */
export type Colour = readonly [number, number, number];

/** sRGB bytes to linear light. */
export const srgb = (r: number, g: number, b: number): Colour => [linear(r), linear(g), linear(b)];

const linear = (byte: number): number => {
  const c = byte / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};

export const mixColour = (a: Colour, b: Colour, t: number): Colour => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];

export const scaleColour = (c: Colour, k: number): Colour => [c[0] * k, c[1] * k, c[2] * k];

/** Colour at t in [0, 1] along evenly spaced stops. */
export const ramp = (stops: readonly Colour[], t: number): Colour => {
  const x = clamp(t, 0, 1) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(x));
  return mixColour(stops[i] as Colour, stops[i + 1] as Colour, x - i);
};

/** @param hue 0 … 1 @param saturation 0 … 1 @param value 0 … 1, all in sRGB, as people pick colours */
export const hsv = (hue: number, saturation: number, value: number): Colour => {
  const channel = (n: number): number => {
    const k = (n + hue * 6) % 6;
    return 255 * (value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return srgb(channel(5), channel(3), channel(1));
};

export const luminance = (c: Colour): number => 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];

/** Linear light in [0, 1] to an sRGB-like value in [0, 255], by table. */
export const encode = (x: number): number => table[clamp(Math.round(x * 4095), 0, 4095)] as number;

const table = Float32Array.from({ length: 4096 }, (_, i) => {
  const x = i / 4095;
  return 255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
});
