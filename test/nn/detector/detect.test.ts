import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../formats/image.ts';
import { resample } from '../../../nn/detector/area.ts';
import { type Box, shift, squared, suppress } from '../../../nn/detector/boxes.ts';
import { detectFaces } from '../../../nn/detector/detect.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { drawnNetwork } from './drawn.ts';

interface Found {
  readonly photo: string;
  readonly minFace: number;
  readonly faces: readonly { readonly box: number[]; readonly score: number; readonly landmarks: number[] }[];
}
const fixtures = new URL('../../fixtures/', import.meta.url);
const { found } = JSON.parse(readFileSync(new URL('detector/networks.json', fixtures), 'utf8')) as { found: Found[] };

describe('the detector with drawn weights', () => {
  let weights: Tensors;
  beforeAll(() => {
    weights = { ...drawnNetwork('pnet'), ...drawnNetwork('rnet'), ...drawnNetwork('onet') };
  });
  afterAll(() => tf.dispose(weights));

  it.each(found)(
    'finds in $photo what facenet-pytorch finds, and leaves no tensors',
    async ({ photo, minFace, faces }) => {
      const image = await decodeImage(await readFile(new URL(`align/${photo}`, fixtures)));
      const before = tf.memory().numTensors;
      const here = detectFaces(weights, image, { minFace });
      expect(tf.memory().numTensors).toBe(before);
      expect(faces.length).toBeGreaterThan(10);
      expect(here).toHaveLength(faces.length);
      for (const [i, { box, score, landmarks }] of faces.entries()) {
        const { left, top, right, bottom, ...face } = here[i] as (typeof here)[number];
        const [wanted, made] = [
          [...box, ...landmarks],
          [left, top, right, bottom, ...face.landmarks],
        ];
        expect(Math.max(...made.map((value, at) => Math.abs(value - (wanted[at] as number))))).toBeLessThan(0.01);
        expect(Math.abs(face.score - score)).toBeLessThan(1e-5);
      }
    },
  );

  it('finds nothing in a photo smaller than the smallest face', () => {
    const image = { pixels: new Uint8Array(20 * 30 * 3), height: 20, width: 30 };
    expect(detectFaces(weights, image, { minFace: 21 })).toEqual([]);
  });
});

describe('boxes', () => {
  const box = (left: number, top: number, right: number, bottom: number, score = 0.5): Box => ({
    ...{ left, top, right, bottom, score },
  });

  it('that overlap a surer one are dropped, by what they share of both or of the smaller', () => {
    const [large, inner, apart] = [box(0, 0, 99, 99, 0.9), box(0, 0, 49, 99, 0.8), box(200, 0, 299, 99, 0.7)];
    expect(suppress([apart, inner, large], 0.6)).toEqual([large, inner, apart]);
    expect(suppress([apart, inner, large], 0.4)).toEqual([large, apart]);
    expect(suppress([apart, inner, large], 0.6, 'smaller')).toEqual([large, apart]);
  });

  it('are shifted by parts of their sides, and squared around their centres', () => {
    expect(shift(box(10, 20, 29, 59), [0.5, 0.25, 1, -1], 1)).toEqual(box(20, 30, 49, 19));
    expect(squared(box(10, 20, 30, 80))).toEqual(box(-10, 20, 50, 80));
  });
});

it('scaling takes the mean of all that a pixel touches, of part of a photo', () => {
  const pixels = Uint8Array.from({ length: 3 * 4 * 3 }, (_, i) => Math.floor(i / 3) * 10);
  const into = new Float32Array(6);
  // Rows 1 and 2, columns 1 to 3: 50 60 70, 90 100 110. Three columns into two: each has the middle one.
  const region = { top: 1, bottom: 3, left: 1, right: 4 };
  resample({ pixels, height: 3, width: 4 }, region, { height: 1, width: 2 }, into);
  const level = (mean: number): number => Math.fround((mean - 127.5) / 128);
  expect([...into]).toEqual([...Array(3).fill(level(75)), ...Array(3).fill(level(85))]);
});
