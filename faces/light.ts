import type { Material } from './material.ts';
import type { Photo } from './photo.ts';

/** Lights in head coordinates, so that normals need no turning. */
export const shader = (photo: Photo, rotation: Float64Array) => {
  const r = (i: number): number => rotation[i] as number;
  // The transpose of the rotation takes view directions to head directions.
  const turn = (v: readonly [number, number, number]): [number, number, number] => [
    r(0) * v[0] + r(3) * v[1] + r(6) * v[2],
    r(1) * v[0] + r(4) * v[1] + r(7) * v[2],
    r(2) * v[0] + r(5) * v[1] + r(8) * v[2],
  ];
  const [lx, ly, lz] = turn(photo.light);
  const [vx, vy, vz] = turn([0, 0, 1]);
  const [ux, uy, uz] = turn([0, -1, 0]);
  let hx = lx + vx;
  let hy = ly + vy;
  let hz = lz + vz;
  const h = Math.sqrt(hx * hx + hy * hy + hz * hz) || 1;
  hx /= h;
  hy /= h;
  hz /= h;
  const { key, sky, ground } = photo;

  /**
   * Wrapped Lambert with red bleeding into the shade (as skin scatters), hemispherical ambient, Blinn highlight, rim.
   * @param n normal components in head coordinates (need not be unit) @param out linear RGB at `at`
   */
  return (m: Material, nx: number, ny: number, nz: number, softness: number, out: Float32Array, at: number): void => {
    const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
    const x = nx / length;
    const y = ny / length;
    const z = nz / length;
    const ndl = x * lx + y * ly + z * lz;
    const up = 0.5 + 0.5 * (x * ux + y * uy + z * uz);
    const open = m.open;
    const ambient = 0.35 + 0.65 * open;
    const facing = x * vx + y * vy + z * vz;
    const edge = 1 - Math.max(0, facing);
    const ndh = x * hx + y * hy + z * hz;
    let glossy = ndh > 0 ? ndh * ndh : 0;
    glossy *= glossy;
    glossy *= glossy;
    glossy *= glossy;
    const shine = m.shine * open * (0.2 * glossy * glossy + 0.05 * glossy + 0.05 * edge * edge * edge);
    const r0 = key[0] * wrapped(ndl, 0.36 * softness) * open;
    const g0 = key[1] * wrapped(ndl, 0.22 * softness) * open;
    const b0 = key[2] * wrapped(ndl, 0.16 * softness) * open;
    out[at] = m.r * (r0 + ambient * (ground[0] + (sky[0] - ground[0]) * up)) + shine * key[0];
    out[at + 1] = m.g * (g0 + ambient * (ground[1] + (sky[1] - ground[1]) * up)) + shine * key[1];
    out[at + 2] = m.b * (b0 + ambient * (ground[2] + (sky[2] - ground[2]) * up)) + shine * key[2];
  };
};

/** Cosine law softened by `wrap`: light creeps past the terminator. */
const wrapped = (ndl: number, wrap: number): number => {
  const d = (ndl + wrap) / (1 + wrap);
  return d > 0 ? d * (0.55 + 0.45 * d) : 0;
};
