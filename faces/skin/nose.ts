import { type Material, stain } from '../material.ts';
import { bump, clamp } from '../noise.ts';
import type { Photo } from '../photo.ts';
import type { Traits } from '../traits.ts';

/** Paints wings, nostrils, the shade beneath the nose, and the shadow that it casts away from the light. */
export const nosePainter = (traits: Traits, { light }: Photo, wing: number, noseEnd: number, jaw: number) => {
  const sideways = clamp(Math.abs(light[0]) * 1.3, 0, 1);
  return (x: number, ax: number, y: number, m: Material): void => {
    stain(m, 0.66, 0.55, 0.52, 0.6 * bump((ax - wing * 0.95) / 0.045, (y - traits.noseY - 0.01) / 0.085));
    stain(m, 0.1, 0.06, 0.06, 0.95 * bump((ax - wing * 0.46) / (wing * 0.42), (y - noseEnd - 0.002) / 0.042));
    stain(m, 0.6, 0.5, 0.48, 0.75 * bump(x / (wing * 1.3), (y - noseEnd - 0.03) / 0.07));
    if (x * light[0] < 0.004) {
      const shade =
        0.75 * sideways * bump((x + light[0] * 0.17) / 0.12, (y - traits.noseY - 0.02 + light[1] * 0.1) / 0.2);
      m.open *= 1 - 0.6 * shade;
    }
    m.open *= 1 - 0.25 * bump(x / 0.3, (y - traits.mouthY - 0.15 - jaw) / 0.07);
  };
};
