import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Fit, fitSimilarity, type Similarity } from '../../../data/align/similarity.ts';
import { template } from '../../../data/align/template.ts';
import { warp } from '../../../data/align/warp.ts';
import { decodeImage } from '../../../formats/image.ts';

interface Case {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly landmarks: readonly number[];
  readonly template: readonly number[];
  readonly transform: Similarity;
  /** Rows of the 2 × 3 matrix. */
  readonly scikitImage: readonly number[];
  readonly openCv: { readonly largest: number; readonly mean: number };
}

const fixture = (name: string): URL => new URL(`../../fixtures/align/${name}`, import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture('cases.json'), 'utf8')) as { cases: Case[] };
const image = async (name: string) => decodeImage(await readFile(fixture(`${name}.png`)));

describe.each(cases)('alignment of $name', ({ name, height, width, landmarks, openCv, ...wanted }) => {
  const points = template({ height, width });
  const fit = fitSimilarity(landmarks, points) as Fit;

  test('has the template and the similarity of numpy, to the bit', () => {
    expect([...points]).toEqual(wanted.template);
    expect(fit.transform).toEqual(wanted.transform);
  });

  test("has the similarity of scikit-image's singular value decomposition", () => {
    const { a, b, tx, ty } = fit.transform;
    for (const [i, value] of [a, -b, tx, b, a, ty].entries())
      expect(Math.abs(value - (wanted.scikitImage[i] as number))).toBeLessThan(1e-11);
  });

  test('has the pixels of numpy, to the byte, and those of OpenCV within a few levels', async () => {
    const made = warp(await image(name), wanted.transform, { height, width });
    expect(Buffer.from(made).equals(Buffer.from((await image(`${name}-aligned`)).pixels))).toBe(true);
    const { pixels: theirs } = await image(`${name}-opencv`);
    const apart = made.map((level, i) => Math.abs(level - (theirs[i] as number)));
    expect(Math.max(...apart)).toBe(openCv.largest);
    expect(openCv.largest).toBeLessThanOrEqual(6);
    expect(openCv.mean).toBeLessThan(1);
  });
});

test('landmarks at the template leave an image as it is', async () => {
  const size = { height: 112, width: 112 };
  const { pixels } = await image('smooth-aligned');
  const fit = fitSimilarity(template(size), template(size));
  expect(Buffer.from(warp({ pixels, ...size }, { a: 1, b: 0, tx: 0, ty: 0 }, size)).equals(pixels)).toBe(true);
  expect(fit?.match).toBeCloseTo(1, 12);
  expect(fit?.transform.a).toBeCloseTo(1, 12);
});

test('the template of 112 × 96 is that of 112 × 112, 8 pixels further left', () => {
  const [square, narrow] = [template({ height: 112, width: 112 }), template({ height: 112, width: 96 })];
  expect([...narrow]).toEqual([...square].map((value, i) => (i % 2 === 0 ? value - 8 : value)));
});

test('points that are all the same have no similarity, and neither have points beyond all numbers', () => {
  const points = template({ height: 112, width: 112 });
  expect(fitSimilarity(new Float64Array(10).fill(7), points)).toBeUndefined();
  expect(
    fitSimilarity(
      points.map((value) => value * 1e200),
      points,
    ),
  ).toBeUndefined();
});
