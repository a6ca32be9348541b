import { backdropPainter } from './backdrop.ts';
import { alignedCamera } from './camera.ts';
import { type Colour, scaleColour, srgb } from './colour.ts';
import { hairPainter } from './hair.ts';
import { headMesh, headShape, type Mesh } from './head.ts';
import type { Identity } from './identity.ts';
import { shader } from './light.ts';
import { type Material, material, setColour } from './material.ts';
import { clamp, mix, smoothstep } from './noise.ts';
import {
  bowMesh,
  type Cut,
  earMesh,
  edgeAt,
  frameCut,
  glassesMesh,
  hairEdge,
  hairMesh,
  lensCut,
  neckMesh,
} from './parts.ts';
import type { Photo } from './photo.ts';
import { attributesAt, GBuffer } from './raster.ts';
import { develop } from './sensor.ts';
import { skinPainter } from './skin/index.ts';
import { type Traits, traitsOf } from './traits.ts';

type Kind = 'head' | 'hair' | 'neck' | 'ear' | 'frame';

/** Samples per pixel and axis. */
const over = 2;

const buffers = new Map<number, GBuffer>();
const bufferOf = (size: number): GBuffer => {
  let buffer = buffers.get(size);
  if (buffer === undefined) {
    buffer = new GBuffer(size);
    buffers.set(size, buffer);
  }
  return buffer;
};

/**
 * Draws one photo of one person.
 *
 * @param size pixels of the side
 * @returns uint8 [size, size, 3] sRGB, aligned to ArcFace's five-point template
 */
export const renderFace = (identity: Identity, photo: Photo, size: number): Uint8Array => {
  const n = size * over;
  const traits = traitsOf(identity, photo);
  const colour = shadeScene(traits, photo, n);
  occlude(colour, n, photo, traits.skin);
  // A camera meters the scene: dark skin is not rendered as dark as it is.
  const metered = (0.34 / traits.skinLuminance) ** 0.38;
  const brightness = 0.62 * (photo.key[1] + 0.8 * photo.sky[1]);
  const gain = (metered / clamp(brightness, 0.3, 3) ** 0.75) * 2 ** photo.exposure;
  return develop(shrink(colour, size), size, photo, gain);
};

/** The head before its backdrop, in linear light. @returns float32 [n, n, 3] */
const shadeScene = (traits: Traits, photo: Photo, n: number): Float32Array => {
  const buffer = bufferOf(n);
  buffer.clear();
  const shape = headShape(traits, photo);
  const edge = hairEdge(traits, photo);
  const head = headMesh(shape);
  const camera = alignedCamera(traits, photo, head, n);
  const parts: { mesh: Mesh; kind: Kind }[] = [];
  const draw = (mesh: Mesh, kind: Kind, twoSided = false, cut?: Cut): void => {
    parts.push({ mesh, kind });
    buffer.draw(mesh, camera, parts.length, twoSided, cut);
  };
  const hair = hairPainter(traits, photo, edge);
  draw(head, 'head');
  draw(neckMesh(traits), 'neck');
  draw(earMesh(traits, shape, -1), 'ear');
  draw(earMesh(traits, shape, 1), 'ear');
  draw(hairMesh(traits, photo, shape, edge), 'hair', true, hair.cut);
  const pane = photo.glasses === 'none' ? undefined : glassesMesh(traits);
  if (pane !== undefined) {
    draw(pane, 'frame', true, frameCut(traits, photo));
    draw(bowMesh(traits, shape, -1), 'frame', true);
    draw(bowMesh(traits, shape, 1), 'frame', true);
  }

  const paintSkin = skinPainter(traits, photo, shape, edge);
  const paintRest = restPainter(traits, photo, edge);
  const shade = shader(photo, camera.rotation);
  const backdrop = backdropPainter(photo);
  const colour = new Float32Array(n * n * 3);
  const a = new Float64Array(8);
  const m = material();
  const viewX = camera.rotation[6] as number;
  const viewY = camera.rotation[7] as number;
  const viewZ = camera.rotation[8] as number;
  for (let k = 0; k < n * n; k++) {
    const index = buffer.part[k] as number;
    if (index === 0) {
      backdrop(((k % n) + 0.5) / n, (Math.floor(k / n) + 0.5) / n, colour, k * 3);
      continue;
    }
    const { mesh, kind } = parts[index - 1] as { mesh: Mesh; kind: Kind };
    attributesAt(buffer, mesh, k, a);
    const y = a[1] as number;
    const nx = a[3] as number;
    const ny = a[4] as number;
    const nz = a[5] as number;
    const u = a[6] as number;
    const v = a[7] as number;
    if (kind === 'head') paintSkin(a[0] as number, y, a[2] as number, u, m);
    else if (kind === 'hair') hair.paint(u, v, nx, ny, nz, m);
    else paintRest(kind, y, u, v, m);
    const flip = nx * viewX + ny * viewY + nz * viewZ < 0 ? -1 : 1;
    shade(m, nx * flip, ny * flip, nz * flip, kind === 'hair' ? 1.4 : 1, colour, k * 3);
  }
  if (pane !== undefined) {
    draw(pane, 'frame', true, lensCut(traits, photo));
    shadeLenses(buffer, pane, parts.length, photo, colour);
  }
  return colour;
};

/** Paints ears, the neck with its collar, and the frame of glasses. */
const restPainter =
  (traits: Traits, photo: Photo, edge: Float64Array) =>
  (kind: Kind, y: number, u: number, v: number, m: Material): void => {
    if (kind === 'ear') {
      setColour(m, traits.skin);
      m.shine = traits.shine * 0.6;
      m.g *= 0.86;
      m.b *= 0.85;
      const shell = Math.sqrt(u * u + (v - 0.05) * (v - 0.05));
      m.open =
        mix(0.45, 1, smoothstep(0.25, 0.8, shell)) * (1 - 0.5 * smoothstep(-0.2, 0, edgeAt(edge, Math.PI / 2) - y));
    } else if (kind === 'neck' && v > 1.22 + 0.12 * Math.cos(u)) {
      setColour(m, photo.cloth);
      m.shine = 0.1;
      m.open = 0.9;
    } else if (kind === 'neck') {
      setColour(m, traits.skin);
      m.shine = traits.shine * 0.4;
      m.open = mix(0.3, 0.85, smoothstep(0.85, 1.35, y));
    } else {
      setColour(m, photo.frame);
      m.shine = 0.8;
      m.open = 1;
    }
  };

/** Tinted glass with a reflection, over what is already shaded. @param part number of the lenses in the buffer */
const shadeLenses = (buffer: GBuffer, mesh: Mesh, part: number, photo: Photo, colour: Float32Array): void => {
  const a = new Float64Array(8);
  const sun = photo.glasses === 'sun';
  for (let k = 0; k < colour.length / 3; k++) {
    if (buffer.part[k] !== part) continue;
    attributesAt(buffer, mesh, k, a);
    const streak = smoothstep(
      0.12,
      0.02,
      Math.abs((a[6] as number) * 0.8 + (a[7] as number) * 1.4 - photo.light[0] * 0.25),
    );
    const keep = sun ? 0.1 : 0.9;
    const glare = (sun ? 0.16 : 0.4) * photo.glare * streak + (sun ? 0.015 : 0.01);
    for (let c = 0; c < 3; c++)
      colour[k * 3 + c] = (colour[k * 3 + c] as number) * keep + glare * (photo.sky[c] as number);
  }
};

/** Mean of `over` x `over` samples. @param image float32 [size * over, size * over, 3] */
const shrink = (image: Float32Array, size: number): Float32Array => {
  const out = new Float32Array(size * size * 3);
  const wide = size * over;
  const share = 1 / (over * over);
  for (let y = 0; y < wide; y++) {
    const row = Math.floor(y / over) * size;
    for (let x = 0; x < wide; x++) {
      const to = (row + Math.floor(x / over)) * 3;
      const from = (y * wide + x) * 3;
      for (let c = 0; c < 3; c++)
        out[to + c] = (out[to + c] as number) + share * Math.min(4, image[from + c] as number);
    }
  }
  return out;
};

const sleeve = srgb(120, 110, 105);

/** Lays a hand or a scarf over the crop. */
const occlude = (image: Float32Array, n: number, photo: Photo, skin: Colour): void => {
  const { kind, x: ox, y: oy, size, angle } = photo.occluder;
  if (kind !== 'hand' && kind !== 'scarf') return;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const light = photo.sky[1] + 0.45 * photo.key[1];
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const dx = x / n - ox;
      const dy = y / n - oy;
      const k = (y * n + x) * 3;
      let c: Colour | undefined;
      if (kind === 'scarf') {
        const line = 0.84 + 0.05 * Math.sin((x / n) * 5 + angle) - 0.3 * size;
        if (y / n > line) c = scaleColour(photo.cloth, light * (0.75 + 0.25 * Math.sin((x / n + dy * 2) * 30)));
      } else {
        // four fingers from a palm: parallel capsules
        const px = cos * dx + sin * dy;
        const py = -sin * dx + cos * dy;
        const finger = Math.floor(px / (size * 0.45) + 2);
        const across = px / (size * 0.45) + 2 - finger - 0.5;
        const length = finger === 1 || finger === 2 ? 0 : size * 0.25;
        if (finger >= 0 && finger < 4 && py > -size + length + 4 * size * across * across * 0.25) {
          c = scaleColour(py > size * 2.4 ? sleeve : skin, light * (1 - 1.6 * across * across));
        }
      }
      if (c === undefined) continue;
      for (let i = 0; i < 3; i++) image[k + i] = c[i] as number;
    }
  }
};
