import type { Mesh } from './head.ts';
import type { Photo } from './photo.ts';
import { type Camera, project } from './raster.ts';
import type { Traits } from './traits.ts';

/** ArcFace's template: eyes, nose tip, mouth corners in a 112 x 112 crop. */
const template = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
] as const;

/** Rotation by yaw (about y), then pitch (about x): row-major, view = rotation * head. */
export const poseRotation = (yaw: number, pitch: number): Float64Array => {
  const cy = Math.cos(yaw);
  const sy = Math.sin(yaw);
  const cp = Math.cos(pitch);
  const sp = Math.sin(pitch);
  return Float64Array.of(cy, 0, sy, -sp * sy, cp, sp * cy, -cp * sy, -sp, cp * cy);
};

/**
 * Places the head as a detector and aligner would: the five landmarks are projected under the pose, and the similarity
 * transform that best maps them to the template (least squares) is the crop. What an aligner gets wrong comes on top.
 *
 * @param size pixels of the square picture that is drawn
 */
export const alignedCamera = (traits: Traits, photo: Photo, head: Mesh, size: number): Camera => {
  const rotation = poseRotation(photo.yaw, photo.pitch);
  const smileWide = 1 + 0.17 * photo.smile;
  const corner = traits.mouthWidth * smileWide;
  const cornerY = traits.mouthY - 0.05 * photo.smile;
  const landmarks = [
    surfacePoint(head, -traits.eyeX, 0),
    surfacePoint(head, traits.eyeX, 0),
    surfacePoint(head, 0, traits.noseY),
    surfacePoint(head, -corner, cornerY),
    surfacePoint(head, corner, cornerY),
  ].map(([x, y, z]) => project(rotation, photo.distance, x, y, z));
  let sx = 0;
  let sy = 0;
  let tx = 0;
  let ty = 0;
  for (let i = 0; i < 5; i++) {
    const [px, py] = landmarks[i] as [number, number, number];
    const [qx, qy] = template[i] as readonly [number, number];
    sx += px / 5;
    sy += py / 5;
    tx += qx / 560;
    ty += qy / 560;
  }
  let dot = 0;
  let cross = 0;
  let norm = 0;
  for (let i = 0; i < 5; i++) {
    const [px, py] = landmarks[i] as [number, number, number];
    const [qx, qy] = template[i] as readonly [number, number];
    const ax = px - sx;
    const ay = py - sy;
    const bx = qx / 112 - tx;
    const by = qy / 112 - ty;
    dot += ax * bx + ay * by;
    cross += ax * by - ay * bx;
    norm += ax * ax + ay * ay;
  }
  const cos = Math.cos(photo.roll) * photo.scale;
  const sin = Math.sin(photo.roll) * photo.scale;
  const a0 = dot / norm;
  const b0 = cross / norm;
  const a = (a0 * cos - b0 * sin) * size;
  const b = (a0 * sin + b0 * cos) * size;
  return {
    rotation,
    distance: photo.distance,
    a,
    b,
    tx: (tx + photo.shiftX) * size - (a * sx - b * sy),
    ty: (ty + photo.shiftY) * size - (b * sx + a * sy),
  };
};

/** The vertex on the front of the mesh that is nearest to (x, y). */
const surfacePoint = (mesh: Mesh, x: number, y: number): [number, number, number] => {
  let best = Number.POSITIVE_INFINITY;
  let at = 0;
  const p = mesh.position;
  for (let k = 0; k < p.length; k += 3) {
    if ((p[k + 2] as number) < 0) continue;
    const d = ((p[k] as number) - x) ** 2 + ((p[k + 1] as number) - y) ** 2;
    if (d < best) {
      best = d;
      at = k;
    }
  }
  return [x, y, p[at + 2] as number];
};
