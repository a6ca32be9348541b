import type { HeadShape } from '../head.ts';
import { type Material, setColour, stain } from '../material.ts';
import { bump, clamp, smoothstep } from '../noise.ts';
import { edgeAt } from '../parts.ts';
import type { Photo } from '../photo.ts';
import type { Traits } from '../traits.ts';
import { eyePainter } from './eyes.ts';
import { beardPainter, browPainter } from './hair.ts';
import { marksPainter } from './marks.ts';
import { mouthPainter } from './mouth.ts';
import { nosePainter } from './nose.ts';
import { wrinklePainter } from './wrinkles.ts';

/** Paints the skin of the head with all that lies on it. Coordinates in head units on the (possibly smiling) surface. */
export const skinPainter = (traits: Traits, photo: Photo, shape: HeadShape, edge: Float64Array) => {
  const wing = traits.noseWidth * (1 + 0.08 * photo.smile);
  const noseEnd = traits.noseY + 0.06 - traits.noseUpturn;
  const paintEye = eyePainter(traits, photo);
  const paintMouth = mouthPainter(traits, photo);
  const marks = marksPainter(traits);
  const wrinkles = wrinklePainter(traits, photo, wing);
  const paintNose = nosePainter(traits, photo, wing, noseEnd, shape.jawDrop);
  const paintBrow = browPainter(traits, photo);
  const paintBeard = beardPainter(traits, noseEnd, shape.jawDrop);
  const overhead = clamp(-photo.light[1] * 1.4, 0, 1);

  const paintFace = (x: number, ax: number, y: number, m: Material): void => {
    const below = y > traits.noseY - 0.3;
    stain(m, 0.98, 0.78, 0.78, 0.75 * flush(traits, x, ax, y, below));
    marks.freckles(x, ax, y, m);
    marks.moles(x, y, m);
    wrinkles.forehead(x, ax, y, m);
    wrinkles.mouthFold(ax, y, m);
    if (below && ax < 0.4) paintNose(x, ax, y, m);
    stain(m, 0.84, 0.77, 0.75, 0.5 * bump((ax - 0.12) / 0.08, (y - 0.06) / 0.16));
    if (y < 0.12) m.open *= 1 - 0.3 * bump((ax - 0.2) / 0.25, (y + 0.02) / 0.12) * overhead;
    if (y < 0) paintBrow(ax, y, m);
    if (y > -0.3 && y < 0.32) paintEye(ax, y, x < 0 ? -1 : 1, m);
    if (below) {
      paintMouth(x, y, m);
      paintBeard(ax, y, m);
    }
  };

  return (x: number, y: number, z: number, azimuth: number, m: Material): void => {
    setColour(m, traits.skin);
    m.shine = traits.shine;
    m.open = 1;
    const ax = Math.abs(x);
    marks.blotches(x, y, z, m);
    const front = z > 0;
    if (front && y > -0.62) paintFace(x, ax, y, m);
    // hair keeps light from the skin beside it
    const toHair = edgeAt(edge, azimuth) - y;
    m.open *= 1 - 0.5 * smoothstep(-0.16, 0.02, toHair);
    if (photo.occluder.kind === 'mask' && front && y > 0.2 + 0.35 * ax * ax && ax < 0.6) {
      setColour(m, photo.cloth);
      m.shine = 0.05;
      m.open = 0.9 + 0.1 * Math.sin(y * 40);
    }
  };
};

/** How red the skin is: cheeks, nose and chin are redder, the forehead is yellower. */
const flush = (traits: Traits, x: number, ax: number, y: number, below: boolean): number => {
  const cheeks = bump((ax - 0.36) / 0.26, (y - 0.3) / 0.22);
  if (!below) return cheeks;
  return cheeks + 0.8 * bump(x / 0.2, (y - traits.noseY) / 0.17) + 0.4 * bump(x / 0.25, (y - 0.92) / 0.15);
};
