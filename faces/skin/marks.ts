import { normalStream, randomStream } from '../../core/random.ts';
import { srgb } from '../colour.ts';
import { lay, type Material, stain } from '../material.ts';
import { bump, clamp, smoothstep, valueNoise } from '../noise.ts';
import type { Traits } from '../traits.ts';

const mole = srgb(62, 38, 28);

/** Paints what stays with a person: uneven pigment, freckles and moles. Coordinates in head units. */
export const marksPainter = (traits: Traits) => {
  const stream = randomStream(traits.marks, 'skin');
  const normal = normalStream(stream);
  const moles = Array.from({ length: traits.moles }, () => ({
    x: (stream() * 2 - 1) * 0.55,
    y: -0.5 + 1.4 * stream(),
    r: 0.018 + 0.022 * stream(),
  }));
  // Low-frequency variation of blood and pigment.
  const waves = Float64Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? stream() * 6.28 : normal() * 5));
  return {
    blotches: (x: number, y: number, z: number, m: Material): void => {
      let wave = 0;
      for (let i = 0; i < 12; i += 3) {
        wave += Math.cos(
          (waves[i] as number) * x + (waves[i + 1] as number) * (y + 0.7 * z) + (waves[i + 2] as number),
        );
      }
      stain(m, 0.9, 0.82, 0.8, clamp(0.35 + 0.17 * wave, 0, 1) * traits.blotches);
    },
    freckles: (x: number, ax: number, y: number, m: Material): void => {
      if (traits.freckles <= 0) return;
      const dense = traits.freckles * smoothstep(0.6, 0.1, Math.abs(y - 0.2)) * smoothstep(0.62, 0.3, ax);
      if (dense <= 0) return;
      const spots = smoothstep(0.62, 0.8, valueNoise((x + 4) * 42, (y + 4) * 42, traits.marks));
      stain(m, 0.74, 0.56, 0.44, dense * spots);
    },
    moles: (x: number, y: number, m: Material): void => {
      for (let i = 0; i < moles.length; i++) {
        const spot = moles[i] as { x: number; y: number; r: number };
        lay(m, mole, 0.85 * bump((x - spot.x) / spot.r, (y - spot.y) / spot.r));
      }
    },
  };
};
