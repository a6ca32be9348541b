import type { Mesh } from './head.ts';
import type { Cut } from './parts.ts';

/** Rotation, perspective and the crop's similarity, from head units to pixels. */
export interface Camera {
  /** float64 [9], row-major: view = rotation * head; view x right, y down, z to the camera */
  readonly rotation: Float64Array;
  readonly distance: number;
  /** pixel = (a * px - b * py + tx, b * px + a * py + ty) of the projected point p */
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** Perspective projection before the crop. */
export const project = (
  rotation: Float64Array,
  distance: number,
  x: number,
  y: number,
  z: number,
): [number, number, number] => {
  const at = (i: number): number => rotation[i] as number;
  const depth = at(6) * x + at(7) * y + at(8) * z;
  const k = distance / (distance - depth);
  return [(at(0) * x + at(1) * y + at(2) * z) * k, (at(3) * x + at(4) * y + at(5) * z) * k, depth];
};

/**
 * What is seen at each pixel: the part, the triangle and the place in it. Attributes are looked up afterwards, once
 * per visible pixel. One instance is reused per size.
 */
export class GBuffer {
  readonly size: number;
  readonly depth: Float32Array;
  /** 0: nothing; else 1 + index of the drawn mesh */
  readonly part: Uint8Array;
  /** Index of the triangle's first vertex, times 2, plus 1 for the lower half of the quad. */
  readonly triangle: Int32Array;
  readonly b1: Float32Array;
  readonly b2: Float32Array;
  #screen = new Float32Array(0);

  constructor(size: number) {
    const n = size * size;
    this.size = size;
    this.depth = new Float32Array(n);
    this.part = new Uint8Array(n);
    this.triangle = new Int32Array(n);
    this.b1 = new Float32Array(n);
    this.b2 = new Float32Array(n);
  }

  clear(): void {
    this.depth.fill(-1e9);
    this.part.fill(0);
  }

  /** @param part 1 … 255 @param twoSided draws surfaces that face away too @param cut leaves out points by their uv */
  draw(mesh: Mesh, camera: Camera, part: number, twoSided: boolean, cut?: Cut): void {
    const { rows, columns, position } = mesh;
    const count = rows * columns;
    if (this.#screen.length < count * 3) this.#screen = new Float32Array(count * 3);
    const s = this.#screen;
    const m = Array.from(camera.rotation) as [number, number, number, number, number, number, number, number, number];
    for (let k = 0; k < count * 3; k += 3) {
      const x = position[k] as number;
      const y = position[k + 1] as number;
      const z = position[k + 2] as number;
      const depth = m[6] * x + m[7] * y + m[8] * z;
      const scale = camera.distance / (camera.distance - depth);
      const px = (m[0] * x + m[1] * y + m[2] * z) * scale;
      const py = (m[3] * x + m[4] * y + m[5] * z) * scale;
      s[k] = camera.a * px - camera.b * py + camera.tx;
      s[k + 1] = camera.b * px + camera.a * py + camera.ty;
      s[k + 2] = depth;
    }
    for (let i = 0; i < rows - 1; i++) {
      for (let j = 0; j < columns - 1; j++) {
        const v = i * columns + j;
        this.#fill(mesh, v, v + 1, v + columns, v * 2, part, twoSided, cut);
        this.#fill(mesh, v + columns + 1, v + columns, v + 1, v * 2 + 1, part, twoSided, cut);
      }
    }
  }

  #fill(mesh: Mesh, ia: number, ib: number, ic: number, id: number, part: number, twoSided: boolean, cut?: Cut): void {
    const s = this.#screen;
    const n = this.size;
    const ax = s[ia * 3] as number;
    const ay = s[ia * 3 + 1] as number;
    const bx = (s[ib * 3] as number) - ax;
    const by = (s[ib * 3 + 1] as number) - ay;
    const cx = (s[ic * 3] as number) - ax;
    const cy = (s[ic * 3 + 1] as number) - ay;
    const area = bx * cy - by * cx;
    if (area <= 1e-9 && (!twoSided || area >= -1e-9)) return;
    const x0 = Math.max(0, Math.ceil(ax + Math.min(0, bx, cx) - 0.5));
    const x1 = Math.min(n - 1, Math.floor(ax + Math.max(0, bx, cx) - 0.5));
    const y0 = Math.max(0, Math.ceil(ay + Math.min(0, by, cy) - 0.5));
    const y1 = Math.min(n - 1, Math.floor(ay + Math.max(0, by, cy) - 0.5));
    if (x0 > x1 || y0 > y1) return;
    const inverse = 1 / area;
    const az = s[ia * 3 + 2] as number;
    const bz = (s[ib * 3 + 2] as number) - az;
    const cz = (s[ic * 3 + 2] as number) - az;
    const depth = this.depth;
    const uv = mesh.uv;
    for (let y = y0; y <= y1; y++) {
      const py = y + 0.5 - ay;
      for (let x = x0; x <= x1; x++) {
        const px = x + 0.5 - ax;
        const w1 = (px * cy - py * cx) * inverse;
        const w2 = (bx * py - by * px) * inverse;
        // A hair's breadth of slack closes the seams that rounding opens.
        if (w1 < -1e-6 || w2 < -1e-6 || w1 + w2 > 1.000001) continue;
        const z = az + w1 * bz + w2 * cz;
        const k = y * n + x;
        if (z <= (depth[k] as number)) continue;
        if (cut !== undefined) {
          const w0 = 1 - w1 - w2;
          const u = w0 * (uv[ia * 2] as number) + w1 * (uv[ib * 2] as number) + w2 * (uv[ic * 2] as number);
          const v = w0 * (uv[ia * 2 + 1] as number) + w1 * (uv[ib * 2 + 1] as number) + w2 * (uv[ic * 2 + 1] as number);
          if (!cut(u, v)) continue;
        }
        depth[k] = z;
        this.part[k] = part;
        this.triangle[k] = id;
        this.b1[k] = w1;
        this.b2[k] = w2;
      }
    }
  }
}

/** Interpolated attributes of one pixel: position, normal, uv. @param out float64 [8] */
export const attributesAt = (buffer: GBuffer, mesh: Mesh, k: number, out: Float64Array): void => {
  const id = buffer.triangle[k] as number;
  const v = id >> 1;
  const lower = (id & 1) === 1;
  const ia = lower ? v + mesh.columns + 1 : v;
  const ib = lower ? v + mesh.columns : v + 1;
  const ic = lower ? v + 1 : v + mesh.columns;
  const w1 = buffer.b1[k] as number;
  const w2 = buffer.b2[k] as number;
  const w0 = 1 - w1 - w2;
  const { position: p, normal: n, uv } = mesh;
  for (let i = 0; i < 3; i++) {
    out[i] = w0 * (p[ia * 3 + i] as number) + w1 * (p[ib * 3 + i] as number) + w2 * (p[ic * 3 + i] as number);
    out[3 + i] = w0 * (n[ia * 3 + i] as number) + w1 * (n[ib * 3 + i] as number) + w2 * (n[ic * 3 + i] as number);
  }
  out[6] = w0 * (uv[ia * 2] as number) + w1 * (uv[ib * 2] as number) + w2 * (uv[ic * 2] as number);
  out[7] = w0 * (uv[ia * 2 + 1] as number) + w1 * (uv[ib * 2 + 1] as number) + w2 * (uv[ic * 2 + 1] as number);
};
