import { hsv, mixColour } from './colour.ts';
import { clamp, hash2, mix, smoothstep } from './noise.ts';
import type { Photo } from './photo.ts';

/** Paints what lies behind the head. Coordinates in units of the crop, 0 … 1. */
export const backdropPainter = (photo: Photo) => {
  const { kind, colours, angle, seed } = photo.background;
  const [a, b, c] = colours;
  const ux = Math.cos(angle);
  const uy = Math.sin(angle);
  const light = 0.55 + 0.35 * photo.sky[1];
  const blobs = Array.from({ length: kind === 'bokeh' ? 9 : 5 }, (_, i) => ({
    x: hash2(i, 1, seed) * 1.2 - 0.1,
    y: hash2(i, 2, seed) * 1.2 - 0.1,
    r: 0.08 + 0.22 * hash2(i, 3, seed),
    w: 0.08 + 0.3 * hash2(i, 5, seed),
    colour: mixColour(hsv(hash2(i, 6, seed), 0.5 * hash2(i, 7, seed), 0.15 + 0.8 * hash2(i, 8, seed)), c, 0.45),
  }));
  return (x: number, y: number, out: Float32Array, at: number): void => {
    const t = clamp(0.5 + (x - 0.5) * ux + (y - 0.5) * uy, 0, 1);
    let red = mix(a[0], b[0], t);
    let green = mix(a[1], b[1], t);
    let blue = mix(a[2], b[2], t);
    if (kind !== 'plain') {
      for (let i = 0; i < blobs.length; i++) {
        const blob = blobs[i] as (typeof blobs)[number];
        const dx = x - blob.x;
        const dy = y - blob.y;
        const inside =
          kind === 'bokeh'
            ? smoothstep(blob.r, blob.r * 0.6, Math.sqrt(dx * dx + dy * dy))
            : smoothstep(0.02, 0, Math.max(Math.abs(dx) - blob.w * 0.5, Math.abs(dy) - blob.r * 2));
        if (inside <= 0) continue;
        red = mix(red, blob.colour[0], inside * 0.75);
        green = mix(green, blob.colour[1], inside * 0.75);
        blue = mix(blue, blob.colour[2], inside * 0.75);
      }
    }
    out[at] = red * light;
    out[at + 1] = green * light;
    out[at + 2] = blue * light;
  };
};
