import { type Colour, mixColour, scaleColour } from '../colour.ts';
import { lay, type Material, stain } from '../material.ts';
import { bump, clamp, smoothstep, valueNoise } from '../noise.ts';
import type { Photo } from '../photo.ts';
import type { Traits } from '../traits.ts';

/** Paints the eyebrows. Coordinates in head units. */
export const browPainter = (traits: Traits, photo: Photo) => {
  const colour = mixColour(scaleColour(traits.hair, 0.55), scaleColour(traits.natural, 0.55), 0.5);
  const lift = 0.03 * photo.browRaise;
  return (ax: number, y: number, m: Material): void => {
    const t = (ax - 0.095) / traits.browLength;
    if (t < -0.1 || t > 1.1) return;
    const centre =
      traits.browY - lift - traits.browTilt * t * 1.2 - traits.browArch * bump((t - 0.62) / 0.75, 0) + 0.035 * t * t;
    const thick = traits.browThick * (1.15 - 0.75 * t * t) + 0.004;
    const d = Math.abs(y - centre) / thick;
    if (d > 1.25) return;
    const strand = 0.72 + 0.45 * valueNoise(ax * 90 + y * 50, y * 30, traits.marks + 3);
    const cover = clamp(traits.browDark * strand, 0, 1) * smoothstep(1.2, 0.55, d);
    lay(m, colour, cover * smoothstep(-0.07, 0.08, t) * smoothstep(1.08, 0.85, t));
  };
};

/** Paints beard, moustache and the shadow of a shave. Coordinates in head units. */
export const beardPainter = (traits: Traits, noseEnd: number, jaw: number) => {
  const colour: Colour = scaleColour(mixColour(traits.hair, traits.natural, 0.4), 0.8);
  return (ax: number, y: number, m: Material): void => {
    const cover = Math.max(traits.beard, traits.shadow, traits.moustache);
    if (cover <= 0) return;
    const lipTop = traits.mouthY - traits.upperLip;
    const lipBottom = traits.mouthY + traits.lowerLip + jaw + 0.02;
    const cheekLine = 0.66 - 0.95 * Math.max(0, ax - 0.24) - 0.1 * (1 - traits.beard);
    let area =
      smoothstep(cheekLine - 0.02, cheekLine + 0.1, y) *
      (ax < traits.mouthWidth * 1.02 ? smoothstep(lipBottom, lipBottom + 0.05, y) : 1);
    const lip =
      smoothstep(noseEnd + 0.02, noseEnd + 0.06, y) *
      smoothstep(lipTop + 0.012, lipTop - 0.012, y) *
      smoothstep(traits.mouthWidth * 1.3, traits.mouthWidth * 1.02, ax);
    const corner = bump((ax - traits.mouthWidth * 1.14) / 0.08, (y - traits.mouthY - 0.03) / 0.16);
    const strand = 0.7 + 0.5 * valueNoise(ax * 60, y * 28, traits.marks + 7);
    area = Math.max(area, traits.beard > 0.3 ? Math.max(lip, corner) : lip * 0.7);
    stain(m, 0.62, 0.66, 0.72, 0.75 * traits.shadow * Math.max(area, lip));
    lay(m, colour, clamp(traits.beard * 1.15 * strand, 0, 0.96) * area);
    lay(m, colour, clamp(traits.moustache * 1.1 * strand, 0, 0.96) * lip);
    m.shine *= 1 - 0.8 * Math.max(area * traits.beard, lip * traits.moustache);
  };
};
