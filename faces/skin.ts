import { normalStream, randomStream } from '../core/random.ts';
import { type Colour, mixColour, scaleColour, srgb } from './colour.ts';
import { eyePainter } from './eyes.ts';
import type { HeadShape } from './head.ts';
import { lay, type Material, stain } from './material.ts';
import { mouthPainter } from './mouth.ts';
import { bump, clamp, smoothstep, valueNoise } from './noise.ts';
import { edgeAt } from './parts.ts';
import type { Photo } from './photo.ts';
import type { Traits } from './traits.ts';

const mole = srgb(62, 38, 28);

/** Paints the skin of the head with all that lies on it. Coordinates in head units on the (possibly smiling) surface. */
export const skinPainter = (traits: Traits, photo: Photo, shape: HeadShape, edge: Float64Array) => {
  const paintEye = eyePainter(traits, photo);
  const paintMouth = mouthPainter(traits, photo);
  const stream = randomStream(traits.marks, 'skin');
  const normal = normalStream(stream);
  const moles = Array.from({ length: traits.moles }, () => ({
    x: (stream() * 2 - 1) * 0.55,
    y: -0.5 + 1.4 * stream(),
    r: 0.018 + 0.022 * stream(),
  }));
  // Low-frequency variation of blood and pigment that stays with the person.
  const waves = Float64Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? stream() * 6.28 : normal() * 5));
  const browColour = mixColour(scaleColour(traits.hair, 0.55), scaleColour(traits.natural, 0.55), 0.5);
  const beardColour: Colour = scaleColour(mixColour(traits.hair, traits.natural, 0.4), 0.8);
  const noseEnd = traits.noseY + 0.06 - traits.noseUpturn;
  const wing = traits.noseWidth * (1 + 0.08 * photo.smile);
  const cornerX = traits.mouthWidth * (1.15 + 0.15 * photo.smile);
  const jaw = shape.jawDrop;
  const browLift = 0.03 * photo.browRaise;
  const light = photo.light;
  const sideways = clamp(Math.abs(light[0]) * 1.3, 0, 1);
  const overhead = clamp(-light[1] * 1.4, 0, 1);

  return (x: number, y: number, z: number, azimuth: number, m: Material): void => {
    m.r = traits.skin[0];
    m.g = traits.skin[1];
    m.b = traits.skin[2];
    m.shine = traits.shine;
    m.open = 1;
    const ax = Math.abs(x);
    const side = x < 0 ? -1 : 1;
    let wave = 0;
    for (let i = 0; i < 12; i += 3) {
      wave += Math.cos((waves[i] as number) * x + (waves[i + 1] as number) * (y + 0.7 * z) + (waves[i + 2] as number));
    }
    stain(m, 0.9, 0.82, 0.8, clamp(0.35 + 0.17 * wave, 0, 1) * traits.blotches);
    const front = z > 0;
    if (front && y > -0.62) {
      // cheeks, nose and chin are redder, the forehead is yellower
      const below = y > traits.noseY - 0.3;
      const flush = !below
        ? bump((ax - 0.36) / 0.26, (y - 0.3) / 0.22)
        : bump((ax - 0.36) / 0.26, (y - 0.3) / 0.22) +
          0.8 * bump(x / 0.2, (y - traits.noseY) / 0.17) +
          0.4 * bump(x / 0.25, (y - 0.92) / 0.15);
      stain(m, 0.98, 0.78, 0.78, 0.75 * flush);
      if (traits.freckles > 0) {
        const dense = traits.freckles * smoothstep(0.6, 0.1, Math.abs(y - 0.2)) * smoothstep(0.62, 0.3, ax);
        if (dense > 0)
          stain(
            m,
            0.74,
            0.56,
            0.44,
            dense * smoothstep(0.62, 0.8, valueNoise((x + 4) * 42, (y + 4) * 42, traits.marks)),
          );
      }
      for (let i = 0; i < moles.length; i++) {
        const spot = moles[i] as { x: number; y: number; r: number };
        lay(m, mole, 0.85 * bump((x - spot.x) / spot.r, (y - spot.y) / spot.r));
      }
      if (traits.wrinkles > 0) {
        if (y < -0.24 && y > -0.62 && ax < 0.42) {
          const furrow = Math.abs(Math.sin((y + 0.05 * Math.cos(x * 6)) * 26));
          stain(
            m,
            0.62,
            0.55,
            0.52,
            0.65 * traits.wrinkles * smoothstep(0.3, 0.05, furrow) * smoothstep(0.42, 0.2, ax),
          );
        }
        const frown = bump((ax - 0.035) / 0.018, (y + 0.14) / 0.09);
        stain(m, 0.6, 0.52, 0.5, 0.6 * traits.wrinkles * frown);
        if (traits.old > 0.5) {
          const spot = valueNoise((x + 9) * 9, (y + 9) * 9, traits.marks + 5);
          stain(m, 0.78, 0.66, 0.56, 0.5 * traits.wrinkles * smoothstep(0.72, 0.85, spot));
        }
      }
      // fold from the nose's wing to the mouth's corner
      if (y > traits.noseY - 0.04 && y < traits.mouthY + 0.07) {
        const ft = clamp((y - traits.noseY) / (traits.mouthY + 0.02 - traits.noseY), 0, 1.1);
        const fx = wing + 0.03 + (cornerX + 0.01 - wing) * ft ** 1.2;
        const fold = 0.14 + 0.75 * traits.wrinkles + 0.45 * Math.max(0, photo.smile);
        stain(
          m,
          0.62,
          0.52,
          0.5,
          Math.min(1, fold) * smoothstep(0.05, 0.01, Math.abs(ax - fx)) * smoothstep(1.1, 0.8, ft),
        );
      }
      if (below && ax < 0.4) paintNose(x, ax, y, m);
      stain(m, 0.84, 0.77, 0.75, 0.5 * bump((ax - 0.12) / 0.08, (y - 0.06) / 0.16));
      if (y < 0.12) m.open *= 1 - 0.3 * bump((ax - 0.2) / 0.25, (y + 0.02) / 0.12) * overhead;
      if (y < 0) paintBrow(ax, y, m);
      if (y > -0.3 && y < 0.32) paintEye(ax, y, side, m);
      if (below) {
        paintMouth(x, y, m);
        paintBeard(ax, y, m);
      }
    }
    // hair keeps light from the skin beside it
    const toHair = edgeAt(edge, azimuth) - y;
    m.open *= 1 - 0.5 * smoothstep(-0.16, 0.02, toHair);
    if (photo.occluder.kind === 'mask' && front && y > 0.2 + 0.35 * ax * ax && ax < 0.6) {
      const c = photo.cloth;
      m.r = c[0];
      m.g = c[1];
      m.b = c[2];
      m.shine = 0.05;
      m.open = 0.9 + 0.1 * Math.sin(y * 40);
    }
  };

  /** Wings, nostrils, the shade beneath, and the shadow that the nose casts away from the light. */
  function paintNose(x: number, ax: number, y: number, m: Material): void {
    stain(m, 0.66, 0.55, 0.52, 0.6 * bump((ax - wing * 0.95) / 0.045, (y - traits.noseY - 0.01) / 0.085));
    stain(m, 0.1, 0.06, 0.06, 0.95 * bump((ax - wing * 0.46) / (wing * 0.42), (y - noseEnd - 0.002) / 0.042));
    stain(m, 0.6, 0.5, 0.48, 0.75 * bump(x / (wing * 1.3), (y - noseEnd - 0.03) / 0.07));
    if (x * light[0] < 0.004) {
      const shade =
        0.75 * sideways * bump((x + light[0] * 0.17) / 0.12, (y - traits.noseY - 0.02 + light[1] * 0.1) / 0.2);
      m.open *= 1 - 0.6 * shade;
    }
    m.open *= 1 - 0.25 * bump(x / 0.3, (y - traits.mouthY - 0.15 - jaw) / 0.07);
  }

  function paintBrow(ax: number, y: number, m: Material): void {
    const t = (ax - 0.095) / traits.browLength;
    if (t < -0.1 || t > 1.1) return;
    const centre =
      traits.browY -
      browLift -
      traits.browTilt * t * 1.2 -
      traits.browArch * bump((t - 0.62) / 0.75, 0) +
      0.035 * t * t;
    const thick = traits.browThick * (1.15 - 0.75 * t * t) + 0.004;
    const d = Math.abs(y - centre) / thick;
    if (d > 1.25) return;
    const strand = 0.72 + 0.45 * valueNoise(ax * 90 + y * 50, y * 30, traits.marks + 3);
    lay(
      m,
      browColour,
      clamp(traits.browDark * strand, 0, 1) *
        smoothstep(1.2, 0.55, d) *
        smoothstep(-0.07, 0.08, t) *
        smoothstep(1.08, 0.85, t),
    );
  }

  function paintBeard(ax: number, y: number, m: Material): void {
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
    lay(m, beardColour, clamp(traits.beard * 1.15 * strand, 0, 0.96) * area);
    lay(m, beardColour, clamp(traits.moustache * 1.1 * strand, 0, 0.96) * lip);
    m.shine *= 1 - 0.8 * Math.max(area * traits.beard, lip * traits.moustache);
  }
};
