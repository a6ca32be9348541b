import { type Colour, hsv, mixColour, srgb } from '../colour.ts';
import { lay, type Material, stain } from '../material.ts';
import { bump, clamp, smoothstep } from '../noise.ts';
import type { Photo } from '../photo.ts';
import type { Traits } from '../traits.ts';

const teeth = srgb(205, 196, 182);
const inside = srgb(52, 14, 14);

/** Paints lips, mouth line, teeth and the opening. Coordinates in head units. */
export const mouthPainter = (traits: Traits, photo: Photo) => {
  const smile = photo.smile;
  const half = traits.mouthWidth * (1 + 0.17 * smile);
  const grin = Math.max(0, smile - 0.45) * 0.075;
  const gap = 0.13 * photo.open + grin;
  const s = traits.skin;
  const bare: Colour = mixColour(s, [s[0] * 0.86, s[1] * 0.5, s[2] * 0.5], 0.5 + 0.75 * traits.lipRed);
  const paint = hsv((0.97 + 0.04 * clamp(traits.lipHue, -1.5, 1.5) + 1) % 1, 0.72, 0.72);
  const lip = mixColour(bare, paint, 0.8 * traits.lipstick);

  return (x: number, y: number, m: Material): void => {
    const mx = x / half;
    const a = Math.abs(mx);
    if (a > 1.25 || y < traits.mouthY - 0.2 || y > traits.mouthY + gap + 0.25) return;
    const q = clamp(1 - a * a, 0, 1);
    const line = traits.mouthY - (0.05 * smile + traits.mouthCorner) * a * a - grin * 0.3 * q;
    const opening = gap * q ** 0.7;
    const top = line - traits.upperLip * (1 - a ** 1.7) * (1 - traits.cupid * bump(mx / 0.24, 0)) - 0.004;
    const bottom = line + opening + traits.lowerLip * (1 - a ** 2.4);
    stain(m, 0.72, 0.62, 0.6, 0.55 * bump(mx / 0.8, (y - bottom - 0.055) / 0.05));
    if (a < 1) {
      const t =
        smoothstep(top - 0.008, top + 0.01, y) * smoothstep(bottom + 0.01, bottom - 0.01, y) * smoothstep(1, 0.93, a);
      const shade = y < line ? 0.78 : 1.06;
      lay(m, [lip[0] * shade, lip[1] * shade, lip[2] * shade], t);
      m.shine += t * (0.25 + 0.5 * traits.lipstick) * (y > line ? 1 : 0.4);
      if (opening > 0.006) {
        const hole =
          smoothstep(line - 0.006, line + 0.008, y) * smoothstep(line + opening + 0.006, line + opening - 0.008, y);
        const upperTeeth = smoothstep(line + 0.075, line + 0.055, y) * smoothstep(0.92, 0.75, a);
        lay(m, mixColour(inside, teeth, 0.9 * upperTeeth), hole);
        stain(m, 0.55, 0.5, 0.5, hole * (0.6 * smoothstep(line + 0.03, line, y) + 0.35 * traits.melanin));
      }
    }
    const crease = Math.abs(y - line);
    if (opening <= 0.012) stain(m, 0.3, 0.2, 0.2, 0.95 * smoothstep(0.026, 0.006, crease) * smoothstep(1.06, 0.95, a));
    stain(m, 0.5, 0.4, 0.38, 0.7 * bump((a - 1.02) / 0.14, (y - line) / 0.03));
  };
};
