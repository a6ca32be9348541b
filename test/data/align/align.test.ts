import { expect, test } from 'vitest';
import { alignFace } from '../../../data/align/align.ts';
import { template } from '../../../data/align/template.ts';

const size = { height: 112, width: 112 };
const wanted = { ...size, minFace: 24 };
const photo = { pixels: new Uint8Array(200 * 200 * 3).fill(90), height: 200, width: 200 };
/** A face upright in the middle of the photo, `scale` times as large as the template. */
const face = (scale = 1): number[] => [...template(size)].map((value) => (value - 56) * scale + 100);
const points = (landmarks: readonly number[]): [number, number][] =>
  Array.from({ length: 5 }, (_, i) => [landmarks[2 * i] as number, landmarks[2 * i + 1] as number]);
const align = (landmarks: readonly number[]) => alignFace(photo, landmarks, wanted);

test('a face upright, turned or upside down is cut out', () => {
  for (const angle of [0, 1, Math.PI, -2]) {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const turned = points(face(0.8)).flatMap(([x, y]) => [
      cos * (x - 100) - sin * (y - 100) + 100,
      sin * (x - 100) + cos * (y - 100) + 100,
    ]);
    expect((align(turned) as Uint8Array).every((level) => level === 90)).toBe(true);
  }
});

test('a face in profile, whose eyes lie nearly on one another, is cut out', () => {
  const profile = points(face()).flatMap(([x, y], i) => [i === 2 ? x + 12 : 100 + (x - 100) * 0.1, y]);
  expect(align(profile)).toBeInstanceOf(Uint8Array);
});

test('what lies beyond the edge is black', () => {
  const shifted = points(face()).flatMap(([x, y]) => [x - 80, y]);
  const pixels = align(shifted) as Uint8Array;
  expect([pixels[0], pixels.at(-1)]).toEqual([0, 90]);
});

test.each([
  ['all the same', Array(10).fill(50), 'the same point'],
  ['no numbers', Array(10).fill(Number.NaN), 'no numbers'],
  ['on a line', [10, 10, 20, 20, 30, 30, 40, 40, 50, 50], 'on a line'],
  ['mirrored', points(face()).flatMap(([x, y]) => [200 - x, y]), 'mirrored'],
  ['in another order', [2, 4, 0, 1, 3].flatMap((i) => points(face())[i] as number[]), 'do not lie as in a face'],
  ['too close together', face(0.2), 'a face of 22 pixels, fewer than minFace: 24'],
  ['of a larger photo', points(face()).flatMap(([x, y]) => [x + 160, y]), 'far outside'],
])('landmarks that are %s are refused', (_, landmarks, fault) => {
  expect(align(landmarks)).toEqual({ fault: expect.stringContaining(fault) });
});
