import { type Colour, scaleColour, srgb } from '../colour.ts';
import { lay, type Material, stain } from '../material.ts';
import { clamp, smoothstep, valueNoise } from '../noise.ts';
import type { Photo } from '../photo.ts';
import type { Traits } from '../traits.ts';

const sclera = srgb(205, 198, 192);
const lash = srgb(22, 15, 13);
const white: Colour = [1.1, 1.1, 1.1];

const irisRadius = 0.47;

/** Paints eyes, lids and lashes. Coordinates in units of half an eye's width, from its centre, x outward. */
export const eyePainter = (traits: Traits, photo: Photo) => {
  const squint = 1 - 0.22 * Math.max(0, photo.smile) - photo.blink;
  const upper = traits.eyeOpen * 1.15 * Math.max(0.02, squint) * (1 + 0.12 * photo.browRaise * 0.5);
  const lower = traits.eyeOpen * 0.72 * Math.max(0.05, 1 - 0.3 * Math.max(0, photo.smile) - 0.5 * photo.blink);
  const closed = Math.max(0, squint) < 0.25;
  const paintLids = lidPainter(traits, photo, upper);
  const paintBall = ballPainter(traits, photo);

  return (ax: number, y: number, side: number, m: Material): void => {
    const ex = (ax - traits.eyeX) / traits.eyeWidth;
    if (ex < -1.9 || ex > 2.1) return;
    const ey = y / traits.eyeWidth + ex * traits.eyeTilt - 0.05;
    if (ey < -1.6 || ey > 1.7) return;
    const q = clamp(1 - ex * ex, 0, 1);
    // The upper lid peaks inside of the middle, the lower one outside of it.
    const yu = -upper * q ** 0.72 * (1 - 0.16 * ex);
    const yl = lower * q ** 0.8 * (1 + 0.2 * ex);
    paintLids(ex, ey, q, yu, m);
    const inside = Math.min(ey - yu, yl - ey);
    if (q > 0 && inside > -0.06 && !closed) paintBall(ex, ey, side, smoothstep(-0.05, 0.03, inside), ey - yu, m);
    // lashes: a dark line along the upper lid, thicker outward, a thin one below
    if (Math.abs(ex) < 1.12) {
      const line = Math.abs(ey - yu + 0.03);
      const width = (0.1 + 0.05 * ex) * traits.lashes + 0.09;
      lay(m, lash, 0.92 * smoothstep(width, width * 0.45, line) * smoothstep(1.12, 0.98, Math.abs(ex)));
      const under = Math.abs(ey - yl - 0.02);
      lay(m, lash, 0.4 * traits.lashes * smoothstep(0.08, 0.02, under) * smoothstep(1.05, 0.8, Math.abs(ex)));
    }
  };
};

/** Paints what surrounds the eye: the hollow, eye shadow, the lid's crease, the bag beneath and crow's feet. */
const lidPainter = (traits: Traits, photo: Photo, upper: number) => {
  const fold = traits.lidFold;
  return (ex: number, ey: number, q: number, yu: number, m: Material): void => {
    // hollow around the eye, and the lid above it
    stain(m, 0.86, 0.76, 0.76, 0.5 * smoothstep(1.5, 0.6, Math.sqrt(ex * ex * 0.7 + (ey - 0.15) * (ey - 0.15) * 2)));
    if (traits.lipstick > 0.4 && ey < yu) {
      const shadow = (traits.lipstick - 0.4) * smoothstep(-1, -0.4, ey) * smoothstep(1.4, 0.8, Math.abs(ex));
      stain(m, 0.62, 0.52, 0.58, shadow);
    }
    const crease = Math.abs(ey - (-upper - 0.2 - 0.1 * fold) * Math.max(0.15, q) ** 0.5);
    stain(m, 0.45, 0.36, 0.34, fold * 0.75 * smoothstep(0.13, 0.02, crease) * smoothstep(1.15, 0.8, Math.abs(ex)));
    const bag = Math.abs(ey - (0.62 + 0.12 * q));
    const deep = (0.12 + 0.65 * traits.wrinkles) * smoothstep(0.22, 0.04, bag) * smoothstep(1.1, 0.5, Math.abs(ex));
    stain(m, 0.7, 0.6, 0.58, deep);
    if (traits.wrinkles > 0 && ex > 1.1) {
      const crow = Math.abs(Math.sin((ey - 0.1) * 7 + ex));
      const lines = traits.wrinkles * 0.6 + 0.2 * Math.max(0, photo.smile);
      stain(m, 0.65, 0.57, 0.55, lines * smoothstep(0.35, 0.1, crow) * smoothstep(1.95, 1.3, ex));
    }
  };
};

/** Paints the eyeball: white, iris, pupil, the shadow of the upper lid and the glint. */
const ballPainter = (traits: Traits, photo: Photo) => {
  const glint: [number, number] = [photo.light[0] * 0.2, photo.light[1] * 0.25];
  /** @param t 0 … 1, how much of the ball shows here @param below how far under the upper lid */
  return (ex: number, ey: number, side: number, t: number, below: number, m: Material): void => {
    const dx = ex - photo.gazeX * side;
    const dy = ey + 0.04 - photo.gazeY;
    const d = Math.sqrt(dx * dx + dy * dy);
    lay(m, sclera, t * 0.92);
    if (ex < -0.75) lay(m, [0.55, 0.22, 0.2], t * smoothstep(-0.72, -0.95, ex));
    if (d < irisRadius + 0.05) {
      const ray = 0.75 + 0.5 * valueNoise(Math.atan2(dy, dx) * 5 + 20, d * 4, traits.marks);
      const rim = smoothstep(irisRadius + 0.03, irisRadius - 0.07, d);
      const iris = scaleColour(traits.iris, ray * (0.45 + 0.75 * rim));
      lay(m, iris, t * smoothstep(irisRadius + 0.04, irisRadius - 0.02, d));
      lay(m, [0.004, 0.004, 0.005], t * smoothstep(0.2, 0.15, d));
    }
    stain(m, 0.42, 0.4, 0.42, t * smoothstep(0.3, 0, below));
    m.shine = m.shine * (1 - t) + 0.15 * t;
    // A camera that opens for dark skin does not burn the eyes out.
    m.open *= 1 - t * (0.12 + 0.4 * traits.melanin);
    const gx = dx - glint[0];
    const gy = dy - glint[1];
    lay(m, white, t * smoothstep(0.13, 0.07, Math.sqrt(gx * gx + gy * gy)));
  };
};
