import { bump, clamp, smoothstep, spline } from './noise.ts';
import type { Photo } from './photo.ts';
import type { Traits } from './traits.ts';

/** A triangle mesh on a grid of rows x columns in head units. */
export interface Mesh {
  readonly rows: number;
  readonly columns: number;
  /** float32 [rows * columns * 3] */
  readonly position: Float32Array;
  /** float32 [rows * columns * 3], unit, outward */
  readonly normal: Float32Array;
  /** float32 [rows * columns * 2]: what the material needs, such as (azimuth, y) */
  readonly uv: Float32Array;
}

export const gridMesh = (rows: number, columns: number): Mesh => ({
  rows,
  columns,
  position: new Float32Array(rows * columns * 3),
  normal: new Float32Array(rows * columns * 3),
  uv: new Float32Array(rows * columns * 2),
});

/** Where the skull turns into the face, and how far the jaw's bottom lies above its lowest point. */
const templeY = -0.25;
const levels = [-0.25, 0, 0.25, 0.5, 0.7, 0.88, 1];
const frontZ = [0.75, 0.7, 0.72, 0.74, 0.74, 0.74, 0.7];
const middleZ = [-0.05, 0, 0.04, 0.1, 0.17, 0.3, 0.38];
const backZ = [-0.95, -0.92, -0.78, -0.5, -0.25, 0, 0.1];

/** One horizontal section: half-width, front, middle and back depth at a height, drawn together towards the poles. */
export interface Section {
  y: number;
  width: number;
  front: number;
  middle: number;
  back: number;
}

/** Shape functions of one head, shared by skin, hair, ears and glasses. */
export const headShape = (traits: Traits, photo: Photo) => {
  const jawDrop = 0.13 * photo.open;
  const smile = photo.smile;
  const widths = [
    0.655 * traits.faceWidth,
    0.655 * traits.faceWidth,
    0.64 * traits.faceWidth + 0.4 * traits.cheekbone - 0.018,
    0.575 * (0.45 * traits.faceWidth + 0.55 * traits.jawWidth) + 0.4 * traits.cheekFull,
    0.5 * traits.jawWidth + traits.jowl,
    0.35 * (0.5 * traits.jawWidth + 0.5 * traits.chinWidth) + 0.4 * traits.jowl,
    0.24 * traits.chinWidth,
  ];
  const top = 0.78 - 0.4 * traits.forehead;
  /** Moves the lower face by chin length and jaw opening. */
  const stretch = (y: number): number =>
    y +
    traits.chinLength * smoothstep(0.55, 1, y) +
    jawDrop * smoothstep(traits.mouthY - 0.06, traits.mouthY + 0.16, y);
  /** Section of the undisplaced head at neutral height y (below the skull). */
  const section = (y: number): Section => ({
    y: stretch(y),
    width: spline(levels, widths, y),
    front: spline(levels, frontZ, y) * traits.depth + traits.chinForward * smoothstep(0.6, 0.95, y),
    middle: spline(levels, middleZ, y),
    back: spline(levels, backZ, y) * traits.depth,
  });
  const temple = section(templeY);
  /** @param angle 0 at the crown … pi/2 at the temples */
  const skull = (angle: number): Section => {
    const s = Math.sin(angle) ** 0.82;
    return {
      y: templeY - top * Math.cos(angle),
      width: temple.width * s * (1 + 0.05 * Math.sin(2 * angle)),
      front: temple.middle - 0.1 * (1 - s) + (temple.front - temple.middle) * s,
      middle: temple.middle - 0.1 * (1 - s),
      back: temple.middle - 0.1 * (1 - s) + (temple.back - temple.middle) * s,
    };
  };

  const nose = traits.noseY;
  const noseBottom = nose + 0.075 - traits.noseUpturn;
  /** Depth added to the front at (x, y): sockets, nose, lips, chin and the rest. */
  const relief = (x: number, y: number): number => {
    const ax = Math.abs(x);
    let z = 0;
    z -= traits.eyeDepth * bump((ax - 0.25) / 0.25, (y - 0.005) / 0.15);
    z += 0.045 * bump((ax - traits.eyeX) / 0.17, (y - 0.005) / 0.11);
    z += traits.browRidge * bump((ax - 0.22) / 0.38, (y + 0.15) / 0.13);
    z += traits.cheekbone * bump((ax - 0.4) / 0.27, (y - 0.24 + 0.05 * smile) / 0.24);
    z += traits.cheekFull * bump((ax - 0.36) / 0.3, (y - 0.5) / 0.3);
    z += 0.035 * Math.max(0, smile) * bump((ax - 0.36) / 0.2, (y - 0.36) / 0.17);
    z -= 0.03 * traits.old * bump((ax - 0.42) / 0.2, (y - 0.52) / 0.2);
    // nose: a ridge that rises to the tip and falls to the lip
    if (y > -0.22 && y < noseBottom + 0.05) {
      const t = clamp((y + 0.06) / (nose + 0.06), 0, 1);
      const height =
        (traits.noseBridge +
          (traits.noseTip - traits.noseBridge) * t * t * (1.6 - 0.6 * t) +
          4 * traits.noseHump * t * (1 - t)) *
        smoothstep(-0.22, 0.0, y) *
        smoothstep(noseBottom + 0.03, nose - 0.005, y);
      const half = (traits.noseThin + (traits.noseWidth * 0.72 - traits.noseThin) * t * t) * 1.75;
      z += height * bump(ax / half, 0);
    }
    z += 0.115 * bump((ax - traits.noseWidth * 0.62) / (traits.noseWidth * 0.62), (y - nose - 0.012) / 0.1);
    // mouth and chin
    const mouth = traits.mouthY;
    z += 0.05 * bump(ax / 0.36, (y - mouth) / 0.27);
    z += (0.018 + 0.5 * traits.upperLip) * bump(ax / (traits.mouthWidth * 0.95), (y - mouth + 0.035) / 0.06);
    z += (0.018 + 0.5 * traits.lowerLip) * bump(ax / (traits.mouthWidth * 0.8), (y - mouth - 0.05 - jawDrop) / 0.065);
    z -= 0.03 * bump(ax / 0.26, (y - mouth - 0.155 - jawDrop * 0.9) / 0.075);
    z += 0.055 * bump(ax / (0.2 * traits.chinWidth), (y - 0.92 - traits.chinLength - jawDrop) / 0.16);
    return z;
  };
  return { section, skull, relief, top, jawDrop };
};

export type HeadShape = ReturnType<typeof headShape>;

export const skullRows = 15;
const faceRows = 40;
const chinRows = 6;
export const headColumns = 64;
const rows = skullRows + faceRows + chinRows;

/** Azimuth of each column: -pi … pi, 0 in front, dense there. */
export const azimuths = Float64Array.from({ length: headColumns + 1 }, (_, j) => {
  const u = (2 * j) / headColumns - 1;
  return Math.PI * Math.sign(u) * Math.abs(u) ** 1.35;
});
/** x and z factors of the superellipse with a flattened front. */
export const ringX = azimuths.map((a) => Math.sign(Math.sin(a)) * Math.abs(Math.sin(a)) ** 0.86);
export const ringZ = azimuths.map((a) => (Math.cos(a) > 0 ? Math.cos(a) ** 0.92 : Math.cos(a)));

/** The skin surface of the head. uv: (azimuth, y). */
export const headMesh = (shape: HeadShape): Mesh => {
  const mesh = gridMesh(rows, headColumns + 1);
  for (let i = 0; i < rows; i++) {
    const section = headSection(shape, i);
    for (let j = 0; j <= headColumns; j++) {
      const k = (i * (headColumns + 1) + j) * 3;
      const x = section.width * (ringX[j] as number);
      const c = ringZ[j] as number;
      let z = section.middle + (c > 0 ? section.front - section.middle : section.middle - section.back) * c;
      if (c > 0) z += shape.relief(x, section.y) * smoothstep(0, 0.35, c);
      mesh.position[k] = x;
      mesh.position[k + 1] = section.y;
      mesh.position[k + 2] = z;
      const t = (i * (headColumns + 1) + j) * 2;
      mesh.uv[t] = azimuths[j] as number;
      mesh.uv[t + 1] = section.y;
    }
  }
  fillNormals(mesh);
  return mesh;
};

const headSection = (shape: HeadShape, i: number): Section => {
  if (i < skullRows) return shape.skull((i / skullRows) * (Math.PI / 2));
  if (i < skullRows + faceRows) return shape.section(templeY + ((0.93 - templeY) * (i - skullRows)) / faceRows);
  // The chin rounds off towards a point behind it.
  const angle = ((i - skullRows - faceRows) / (chinRows - 1)) * (Math.PI / 2);
  const base = shape.section(0.93);
  const keep = Math.cos(angle);
  const centre = base.front - 0.3;
  return {
    y: base.y + 0.085 * Math.sin(angle),
    width: base.width * keep,
    front: centre + (base.front - centre) * keep,
    middle: centre + (base.middle - centre) * keep,
    back: centre + (base.back - centre) * keep,
  };
};

/** Unit normals by central differences over the grid; columns do not wrap (the seam lies at the back). */
export const fillNormals = (mesh: Mesh): void => {
  const { rows: r, columns: c, position: p, normal: n } = mesh;
  for (let i = 0; i < r; i++) {
    const up = (i > 0 ? i - 1 : i) * c;
    const down = (i < r - 1 ? i + 1 : i) * c;
    for (let j = 0; j < c; j++) {
      const a = (up + j) * 3;
      const b = (down + j) * 3;
      const l = (i * c + (j > 0 ? j - 1 : j)) * 3;
      const q = (i * c + (j < c - 1 ? j + 1 : j)) * 3;
      const vx = (p[b] as number) - (p[a] as number);
      const vy = (p[b + 1] as number) - (p[a + 1] as number);
      const vz = (p[b + 2] as number) - (p[a + 2] as number);
      const hx = (p[q] as number) - (p[l] as number);
      const hy = (p[q + 1] as number) - (p[l + 1] as number);
      const hz = (p[q + 2] as number) - (p[l + 2] as number);
      let x = hy * vz - hz * vy;
      let y = hz * vx - hx * vz;
      let z = hx * vy - hy * vx;
      const length = Math.sqrt(x * x + y * y + z * z);
      if (length < 1e-12) {
        x = 0;
        y = i < r / 2 ? -1 : 1;
        z = 0;
      } else {
        x /= length;
        y /= length;
        z /= length;
      }
      const k = (i * c + j) * 3;
      n[k] = x;
      n[k + 1] = y;
      n[k + 2] = z;
    }
  }
};
