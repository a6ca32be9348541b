import { type Colour, scaleColour } from './colour.ts';
import type { Material } from './material.ts';
import { smoothstep, valueNoise } from './noise.ts';
import { type Cut, edgeAt } from './parts.ts';
import type { Photo } from './photo.ts';
import type { Traits } from './traits.ts';

/** Where hair grows, and how it looks: strands along its fall, a ragged edge, a band of gloss. */
export const hairPainter = (traits: Traits, photo: Photo, edge: Float64Array) => {
  const ragged = photo.hat ? 0 : 0.045 + 0.05 * traits.curl;
  const fine = 14 + 10 * traits.curl;
  const cut: Cut = (azimuth, y) => {
    const reach = edgeAt(edge, azimuth) - y;
    if (reach > 0.1) return true;
    if (reach < -0.1) return false;
    const wisp =
      0.75 * valueNoise(azimuth * fine + 50, y * 4 + 50, traits.marks + 11) +
      0.25 * valueNoise(azimuth * 60 + 50, y * 6, traits.marks);
    return reach + ragged * (wisp - 0.5) > 0;
  };
  const base: Colour = photo.hat ? photo.cloth : traits.hair;
  const light = scaleColour(base, 1.35);

  const paint = (azimuth: number, y: number, nx: number, ny: number, nz: number, m: Material): void => {
    const along = traits.curl > 0.5 ? 16 : 3;
    const strand = valueNoise(azimuth * 22 + 60, y * along + 60, traits.marks + 13);
    const lock = valueNoise(azimuth * 8 + 30, y * (along * 0.5) + 30, traits.marks + 17);
    const t = photo.hat ? 0.5 : 0.15 + 0.5 * strand + 0.45 * lock;
    m.r = base[0] * 0.62 + (light[0] - base[0] * 0.62) * t;
    m.g = base[1] * 0.62 + (light[1] - base[1] * 0.62) * t;
    m.b = base[2] * 0.62 + (light[2] - base[2] * 0.62) * t;
    const reach = edgeAt(edge, azimuth) - y;
    m.open = 0.55 + 0.45 * smoothstep(0, 0.25, reach) - (photo.hat ? 0 : 0.25 * (1 - t));
    m.shine = photo.hat
      ? 0.05
      : (0.5 - 0.4 * traits.curl) * (0.4 + 0.6 * strand) * smoothstep(-1.2, -0.6, ny) * (nx * nx + nz * nz);
  };
  return { cut, paint };
};
