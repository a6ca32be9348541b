import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { type Augmentation, augmentInto, copyInto } from '../../data/augment.ts';

const none: Augmentation = { cropScale: [1, 1], flip: 0, jitter: 0, erase: 0, eraseScale: [0.02, 0.1] };
const paper: Augmentation = { cropScale: [0.9, 1], flip: 0.5, jitter: 0.1, erase: 0.5, eraseScale: [0.02, 0.1] };
const height = 16;
const width = 16;
const size = height * width * 3;

const noise = (): Uint8Array => {
  const uniform = randomStream(3, 'pixels');
  return Uint8Array.from({ length: 2 * size }, () => Math.floor(uniform() * 256));
};
const pixels = noise();
const image = (index: number) => ({ pixels: pixels.subarray(index * size, (index + 1) * size), height, width });
const augment = (options: Augmentation, index = 0, seed = 1): Float32Array => {
  const target = new Float32Array(size);
  augmentInto(target, 0, image(index), options, randomStream(seed, 'augment', 0, index));
  return target;
};
const plain = (index = 0): Float32Array => {
  const target = new Float32Array(size);
  copyInto(target, 0, image(index));
  return target;
};

describe('augmentation', () => {
  it('does nothing where everything is switched off (the whole image is the only crop of full area)', () => {
    const [found, wanted] = [augment(none), plain()];
    for (let i = 0; i < size; i++) expect(found[i]).toBeCloseTo(wanted[i] as number, 5);
    expect(plain()[0]).toBeCloseTo((pixels[0] as number) / 127.5 - 1, 6);
  });

  it('mirrors rows, and keeps the colours of each pixel in order', () => {
    const target = new Float32Array(size);
    copyInto(target, 0, image(1), true);
    const straight = plain(1);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width * 3; x++) {
        const opposite = (y * width + width - 1 - Math.floor(x / 3)) * 3 + (x % 3);
        expect(target[y * width * 3 + x]).toBe(straight[opposite]);
      }
    }
  });

  it('depends on pixels and stream alone', () => {
    expect(augment(paper, 0, 1)).toEqual(augment(paper, 0, 1));
    expect(augment(paper, 0, 1)).not.toEqual(augment(paper, 0, 2));
    expect(augment(paper, 1, 1)).not.toEqual(augment(paper, 0, 1));
  });

  it('writes its own range alone, within [-1, 1], also where sides differ', () => {
    const wide = { pixels: noise().subarray(0, 12 * 20 * 3), height: 12, width: 20 };
    for (let seed = 0; seed < 50; seed++) {
      const target = new Float32Array(722).fill(7);
      augmentInto(target, 1, wide, { ...paper, jitter: 0.5 }, randomStream(seed, 'range'));
      expect([target[0], target[721]]).toEqual([7, 7]);
      expect(target.subarray(1, 721).every((v) => v >= -1 && v <= 1)).toBe(true);
    }
  });

  it('mirrors left and right', () => {
    const [found, wanted] = [augment({ ...none, flip: 1 }), plain()];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        expect(found[(y * width + x) * 3 + 1]).toBeCloseTo(wanted[(y * width + width - 1 - x) * 3 + 1] as number, 5);
      }
    }
  });

  it('erases a rectangle of the stated share, to mid-grey', () => {
    const areas: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const [found, wanted] = [augment({ ...none, erase: 1 }, 0, seed), plain()];
      const erased = [...found.keys()].filter((i) => found[i] === 0 && wanted[i] !== 0);
      const pixels = [...new Set(erased.map((i) => Math.floor(i / 3)))];
      const rows = pixels.map((p) => Math.floor(p / width));
      const columns = pixels.map((p) => p % width);
      const box = (Math.max(...rows) - Math.min(...rows) + 1) * (Math.max(...columns) - Math.min(...columns) + 1);
      expect(pixels.length).toBe(box);
      areas.push(box / (height * width));
    }
    // Sides are rounded to pixels.
    expect(Math.min(...areas)).toBeGreaterThan(0.01);
    expect(Math.max(...areas)).toBeLessThan(0.125);
    expect(areas.reduce((a, b) => a + b) / 200).toBeCloseTo(0.06, 1);
  });

  it('crops within the image: a ramp stays a ramp, stretched', () => {
    const ramp = {
      pixels: Uint8Array.from({ length: size }, (_, i) => 6 * (Math.floor(i / 3) % width)),
      height,
      width,
    };
    const target = new Float32Array(size);
    let widest = 0;
    for (let seed = 0; seed < 60; seed++) {
      augmentInto(target, 0, ramp, { ...none, cropScale: [0.8, 0.9] }, randomStream(seed, 'crop'));
      const row = Array.from({ length: width }, (_, x) => ((target[x * 3] as number) + 1) * 127.5);
      for (let x = 1; x < width; x++) expect((row[x] as number) - (row[x - 1] as number)).toBeGreaterThan(-1e-3);
      widest = Math.max(widest, 90 - ((row[width - 1] as number) - (row[0] as number)));
    }
    expect(widest).toBeGreaterThan(5);
  });

  it('keeps grey grey under saturation and hue, and scales it by brightness and contrast', () => {
    const grey = { pixels: new Uint8Array(size).fill(100), height, width };
    const target = new Float32Array(size);
    for (let seed = 0; seed < 20; seed++) {
      augmentInto(target, 0, grey, { ...none, jitter: 0.1 }, randomStream(seed, 'grey'));
      const level = ((target[0] as number) + 1) * 127.5;
      // Contrast works around the mean grey, which is all there is here: brightness alone is left.
      expect(level).toBeGreaterThan(89.9);
      expect(level).toBeLessThan(110.1);
      expect(target.every((value) => Math.abs(value - (target[0] as number)) < 1e-5)).toBe(true);
    }
  });

  it('turns hue without changing luma', () => {
    const red = { pixels: Uint8Array.from({ length: size }, (_, i) => (i % 3 === 0 ? 140 : 100)), height, width };
    const target = new Float32Array(size);
    // Draws for crop (2, then place: 2), flip, then brightness, contrast, saturation at their middles, hue at its end, erasing.
    const draws = [0, 0.5, 0, 0, 0.9, 0.5, 0.5, 0.5, 1, 0.99];
    augmentInto(target, 0, red, { ...none, jitter: 0.1 }, () => draws.shift() ?? 0.99);
    const [r, g, b] = [0, 1, 2].map((c) => ((target[c] as number) + 1) * 127.5) as [number, number, number];
    expect(0.299 * r + 0.587 * g + 0.114 * b).toBeCloseTo(0.299 * 140 + 0.701 * 100, 3);
    expect(r).toBeLessThan(140);
    expect([r, g, b]).not.toEqual([140, 100, 100]);
  });
});
