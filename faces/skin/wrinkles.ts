import { type Material, stain } from '../material.ts';
import { bump, clamp, smoothstep, valueNoise } from '../noise.ts';
import type { Photo } from '../photo.ts';
import type { Traits } from '../traits.ts';

/** Paints furrows of the forehead, the frown, age spots and the folds beside the mouth. Coordinates in head units. */
export const wrinklePainter = (traits: Traits, photo: Photo, wing: number) => {
  const cornerX = traits.mouthWidth * (1.15 + 0.15 * photo.smile);
  return {
    forehead: (x: number, ax: number, y: number, m: Material): void => {
      if (traits.wrinkles <= 0) return;
      if (y < -0.24 && y > -0.62 && ax < 0.42) {
        const furrow = Math.abs(Math.sin((y + 0.05 * Math.cos(x * 6)) * 26));
        const depth = 0.65 * traits.wrinkles * smoothstep(0.3, 0.05, furrow) * smoothstep(0.42, 0.2, ax);
        stain(m, 0.62, 0.55, 0.52, depth);
      }
      const frown = bump((ax - 0.035) / 0.018, (y + 0.14) / 0.09);
      stain(m, 0.6, 0.52, 0.5, 0.6 * traits.wrinkles * frown);
      if (traits.old > 0.5) {
        const spot = valueNoise((x + 9) * 9, (y + 9) * 9, traits.marks + 5);
        stain(m, 0.78, 0.66, 0.56, 0.5 * traits.wrinkles * smoothstep(0.72, 0.85, spot));
      }
    },
    /** From the nose's wing to the mouth's corner. */
    mouthFold: (ax: number, y: number, m: Material): void => {
      if (!(y > traits.noseY - 0.04 && y < traits.mouthY + 0.07)) return;
      const ft = clamp((y - traits.noseY) / (traits.mouthY + 0.02 - traits.noseY), 0, 1.1);
      const fx = wing + 0.03 + (cornerX + 0.01 - wing) * ft ** 1.2;
      const fold = 0.14 + 0.75 * traits.wrinkles + 0.45 * Math.max(0, photo.smile);
      const depth = Math.min(1, fold) * smoothstep(0.05, 0.01, Math.abs(ax - fx)) * smoothstep(1.1, 0.8, ft);
      stain(m, 0.62, 0.52, 0.5, depth);
    },
  };
};
