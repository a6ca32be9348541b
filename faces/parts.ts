import {
  azimuths,
  fillNormals,
  gridMesh,
  type HeadShape,
  headColumns,
  type Mesh,
  ringX,
  ringZ,
  type Section,
  skullRows,
} from './head.ts';
import { clamp, mix, smoothstep, valueNoise } from './noise.ts';
import type { Photo } from './photo.ts';
import type { Traits } from './traits.ts';

/** Whether a point of a surface, given by its uv, is there: cuts hairlines, frames and lenses out of plain meshes. */
export type Cut = (u: number, v: number) => boolean;

const hairKnots = 96;

/** Lower edge of the hair (y) around the head, as a table over the azimuth. */
export const hairEdge = (traits: Traits, photo: Photo): Float64Array => {
  const front = photo.hat ? -0.36 : mix(traits.hairlineY, -0.2, traits.fringe);
  const side = photo.hat ? -0.3 : mix(traits.hairlineY - traits.recession, -0.16, traits.fringe);
  const long = traits.longness;
  const behindEar = mix(0.62, traits.hairBottom, long);
  const covers = traits.longness > 0.5 && traits.parting > -0.3;
  const knots: [number, number][] = [
    [0, front],
    [0.35, front + 0.01],
    [0.72, side],
    [1.0, photo.hat ? -0.25 : mix(-0.42, -0.2, Math.max(traits.fringe, 1 - traits.recession * 4))],
    [1.17, mix(-0.15, covers ? behindEar : -0.1, long)],
    [1.36, mix(traits.sideburn, covers ? behindEar : 0.02, long)],
    [1.52, mix(-0.06, covers ? behindEar : -0.06, long)],
    [1.8, mix(0.0, behindEar, long)],
    [2.15, behindEar],
    [Math.PI, behindEar + 0.04],
  ];
  return Float64Array.from({ length: hairKnots + 1 }, (_, i) => {
    const azimuth = ((2 * i) / hairKnots - 1) * Math.PI;
    const a = Math.abs(azimuth);
    let k = 0;
    while (k < knots.length - 2 && (knots[k + 1] as [number, number])[0] < a) k++;
    const [a0, y0] = knots[k] as [number, number];
    const [a1, y1] = knots[k + 1] as [number, number];
    const swept = photo.hat
      ? 0
      : 0.08 * clamp(traits.parting, -1.5, 1.5) * Math.sin(azimuth * 1.5) * smoothstep(1, 0.3, a);
    return mix(y0, y1, smoothstep(a0, a1, a)) + swept;
  });
};

export const edgeAt = (edge: Float64Array, azimuth: number): number => {
  const x = clamp((azimuth / Math.PI + 1) * 0.5, 0, 1) * hairKnots;
  const i = Math.min(hairKnots - 1, Math.floor(x));
  return mix(edge[i] as number, edge[i + 1] as number, x - i);
};

const hangRows = 26;

/** The hair: a shell over the skull that hangs down where it is long. uv: (azimuth, y). */
export const hairMesh = (traits: Traits, photo: Photo, shape: HeadShape, edge: Float64Array): Mesh => {
  let bottom = -1;
  for (const y of edge) bottom = Math.max(bottom, y);
  bottom += 0.06;
  const rows = skullRows + hangRows;
  const mesh = gridMesh(rows, headColumns + 1);
  const volume = photo.hat ? 0.11 : traits.hairVolume;
  const ear = shape.section(0.05);
  for (let i = 0; i < rows; i++) {
    const falling = i >= skullRows;
    const y0 = falling ? -0.25 + ((bottom + 0.25) * (i - skullRows)) / (hangRows - 1) : 0;
    const angle = (i / skullRows) * (Math.PI / 2);
    const s = falling ? hanging(shape.section(Math.min(1, y0)), ear, y0, traits.longness) : shape.skull(angle);
    const y = falling ? y0 : s.y;
    const lift = falling ? 0 : Math.cos(angle);
    for (let j = 0; j <= headColumns; j++) {
      const azimuth = azimuths[j] as number;
      const reach = edgeAt(edge, azimuth) - y;
      const wave = 1 + 0.35 * (traits.curl + 0.3) * (valueNoise(azimuth * 5 + 40, y * 6 + 40, traits.marks) - 0.5);
      const crown = 1 + 0.35 * lift;
      const thick = 0.012 + volume * crown * wave * smoothstep(-0.02, 0.24, reach + (traits.longness > 0.5 ? 0.12 : 0));
      const c = ringZ[j] as number;
      const k = (i * (headColumns + 1) + j) * 3;
      mesh.position[k] = (ringX[j] as number) * (s.width + thick);
      mesh.position[k + 1] = y - lift * thick;
      mesh.position[k + 2] = s.middle + (c > 0 ? s.front - s.middle + thick : s.middle - s.back + thick) * c;
      const t = (i * (headColumns + 1) + j) * 2;
      mesh.uv[t] = azimuth;
      mesh.uv[t + 1] = y;
    }
  }
  fillNormals(mesh);
  return mesh;
};

/** Long hair does not follow the jaw: it keeps the width that it has at the ears. */
const hanging = (head: Section, ear: Section, y: number, long: number): Section => {
  if (y < 0.05) return head;
  const drop = y - 0.05;
  return {
    y,
    width: mix(head.width, Math.max(head.width, ear.width * (1 + 0.06 * drop)), long),
    front: mix(head.front, ear.front - 0.35 * drop, long * 0.8),
    middle: mix(head.middle, ear.middle - 0.1 * drop, long),
    back: mix(Math.min(head.back, -0.35), ear.back + 0.3 * drop, long),
  };
};

/** A closed ring surface: neck and shoulders. uv: (azimuth, y). */
export const neckMesh = (traits: Traits): Mesh => {
  const stops = 12;
  const columns = 24;
  const mesh = gridMesh(stops, columns + 1);
  const girth = 0.42 + 0.05 * (traits.male - 0.5) + 0.3 * traits.cheekFull;
  for (let i = 0; i < stops; i++) {
    const y = 0.35 + (1.65 * i) / (stops - 1);
    const spread = smoothstep(1.3, 1.65, y);
    for (let j = 0; j <= columns; j++) {
      const a = ((2 * j) / columns - 1) * Math.PI;
      const k = (i * (columns + 1) + j) * 3;
      mesh.position[k] = Math.sin(a) * mix(girth, 1.35 + 0.2 * traits.male, spread);
      mesh.position[k + 1] = y;
      mesh.position[k + 2] = -0.2 - 0.08 * y + Math.cos(a) * mix(girth, 0.6, spread);
      const t = (i * (columns + 1) + j) * 2;
      mesh.uv[t] = a;
      mesh.uv[t + 1] = y;
    }
  }
  fillNormals(mesh);
  return mesh;
};

/** A flattened ellipsoid at the side. uv: (latitude, longitude) of the ellipsoid, both -1 … 1. @param side -1 or 1 */
export const earMesh = (traits: Traits, shape: HeadShape, side: number): Mesh => {
  const n = 10;
  const mesh = gridMesh(n, n + 1);
  const at = shape.section(0.12);
  const lean = traits.earOut * side;
  const cosLean = Math.cos(lean);
  const sinLean = Math.sin(lean);
  for (let i = 0; i < n; i++) {
    const latitude = (i / (n - 1) - 0.5) * Math.PI;
    for (let j = 0; j <= n; j++) {
      const longitude = ((2 * j) / n - 1) * Math.PI;
      const ex = 0.035 * Math.cos(latitude) * Math.sin(longitude);
      const ey = 0.2 * traits.earSize * Math.sin(latitude);
      const ez =
        0.115 * traits.earSize * (1 - 0.25 * Math.sin(latitude)) * Math.cos(latitude) * Math.cos(longitude) - 0.1;
      const k = (i * (n + 1) + j) * 3;
      mesh.position[k] = side * (at.width * 0.985) + ex * cosLean - ez * sinLean;
      mesh.position[k + 1] = 0.13 + ey;
      mesh.position[k + 2] = at.middle - 0.02 + ex * sinLean + ez * cosLean;
      const t = (i * (n + 1) + j) * 2;
      mesh.uv[t] = Math.sin(latitude);
      mesh.uv[t + 1] = Math.cos(latitude) * Math.cos(longitude);
    }
  }
  fillNormals(mesh);
  return mesh;
};

/** A curved pane before the eyes; frame and lenses are cut out of it. uv: (x, y). */
export const glassesMesh = (traits: Traits): Mesh => {
  const n = 13;
  const m = 5;
  const mesh = gridMesh(m, n);
  const wide = 0.6 * traits.faceWidth + 0.03;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const x = ((2 * j) / (n - 1) - 1) * wide;
      const y = -0.22 + (0.46 * i) / (m - 1);
      const k = (i * n + j) * 3;
      mesh.position[k] = x;
      mesh.position[k + 1] = y;
      mesh.position[k + 2] = 0.86 * traits.depth - 0.28 * x * x - 0.1 * y;
      const t = (i * n + j) * 2;
      mesh.uv[t] = x;
      mesh.uv[t + 1] = y;
    }
  }
  fillNormals(mesh);
  return mesh;
};

/** The bow from the frame's edge back over the ear. uv: (0 … 1 along it, y). */
export const bowMesh = (traits: Traits, shape: HeadShape, side: number): Mesh => {
  const mesh = gridMesh(2, 4);
  const wide = 0.6 * traits.faceWidth + 0.03;
  const ear = shape.section(0).width + 0.035;
  for (let i = 0; i < 2; i++) {
    for (let j = 0; j < 4; j++) {
      const t = side > 0 ? j / 3 : 1 - j / 3;
      const k = (i * 4 + j) * 3;
      mesh.position[k] = side * mix(wide, ear, Math.min(1, 1.6 * t));
      mesh.position[k + 1] = -0.06 + 0.05 * i + 0.03 * t;
      mesh.position[k + 2] = mix(0.86 * traits.depth - 0.28 * wide * wide, -0.12, t);
      const u = (i * 4 + j) * 2;
      mesh.uv[u] = t;
      mesh.uv[u + 1] = i;
    }
  }
  fillNormals(mesh);
  return mesh;
};

/** Signed distance to a lens outline (negative inside), in head units. */
const lensDistance = (x: number, y: number, eyeX: number, shape: number): number => {
  const round = 0.06 + 0.09 * shape;
  const dx = Math.abs(Math.abs(x) - eyeX - 0.015) - (0.205 - round);
  const dy = Math.abs(y - 0.02) - (0.15 + 0.02 * shape - round);
  const ox = Math.max(dx, 0);
  const oy = Math.max(dy, 0);
  return Math.sqrt(ox * ox + oy * oy) + Math.min(0, Math.max(dx, dy)) - round;
};

export const frameCut = (traits: Traits, photo: Photo): Cut => {
  const thick = 0.012 + 0.02 * ((photo.frameShape * 7.3) % 1);
  return (x, y) =>
    Math.abs(lensDistance(x, y, traits.eyeX, photo.frameShape)) < thick ||
    (Math.abs(x) < 0.1 && Math.abs(y + 0.03) < thick) ||
    (Math.abs(x) > traits.eyeX + 0.2 && Math.abs(y + 0.05) < thick + 0.008);
};

export const lensCut =
  (traits: Traits, photo: Photo): Cut =>
  (x, y) =>
    lensDistance(x, y, traits.eyeX, photo.frameShape) < 0;
