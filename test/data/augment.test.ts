import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { type Augmentation, augmentInto, copyInto } from '../../data/augment/augment.ts';
import { drawColourJitter } from '../../data/augment/colour-jitter.ts';

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

  it('draws crops of ratios in [3/4, 4/3], evenly in the logarithm, anywhere in the image', () => {
    const side = 64;
    // Red rises by 3 along rows, green by 3 along columns: the slopes of the result tell the sides of the crop.
    const ramps = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
      return 3 * ([x, y, 0][i % 3] as number);
    });
    const target = new Float32Array(ramps.length);
    const crops = Array.from({ length: 400 }, (_, seed) => {
      const options = { ...none, cropScale: [0.3, 0.5] } as const;
      augmentInto(target, 0, { pixels: ramps, height: side, width: side }, options, randomStream(seed, 'ratio'));
      const at = (x: number, y: number, c: number): number =>
        ((target[(y * side + x) * 3 + c] as number) + 1) * 127.5 * (side / 3);
      const [w, h] = [(at(40, 0, 0) - at(20, 0, 0)) / 20, (at(0, 40, 1) - at(0, 20, 1)) / 20];
      return { w, h, left: at(0, 0, 0) / side, top: at(0, 0, 1) / side };
    });
    const logs = crops.map(({ w, h }) => Math.log(w / h) / Math.log(4 / 3));
    // Sides are rounded to pixels of at least 30: 1.7 % of the ratio, 0.06 of the logarithm's range.
    expectEven(logs, -1, 1, 0.12);
    expectEven(
      crops.map(({ w, h }) => (w * h) / side ** 2),
      0.3,
      0.5,
      0.015,
    );
    // The corner is even in 0 … side − length.
    expectEven(
      crops.map(({ w, left }) => left / (side - w)),
      0,
      1,
      0.05,
    );
    expectEven(
      crops.map(({ h, top }) => top / (side - h)),
      0,
      1,
      0.05,
    );
  });

  it('draws erased rectangles of ratios in [0.3, 3.3], evenly in the logarithm', () => {
    const side = 64;
    const black = { pixels: new Uint8Array(side * side * 3), height: side, width: side };
    const target = new Float32Array(side * side * 3);
    const boxes = Array.from({ length: 400 }, (_, seed) => {
      augmentInto(target, 0, black, { ...none, erase: 1, eraseScale: [0.1, 0.2] }, randomStream(seed, 'erase'));
      const erased = [...target.keys()].filter((i) => i % 3 === 0 && target[i] === 0).map((i) => i / 3);
      const xs = erased.map((i) => i % side);
      const height = erased.length / (Math.max(...xs) - Math.min(...xs) + 1);
      return { height, width: erased.length / height };
    });
    const middle = (Math.log(0.3) + Math.log(3.3)) / 2;
    const logs = boxes.map(({ height, width }) => (Math.log(height / width) - middle) / (Math.log(3.3) - middle));
    expectEven(logs, -1, 1, 0.1);
    expectEven(
      boxes.map(({ height, width }) => (height * width) / side ** 2),
      0.1,
      0.2,
      0.008,
    );
  });

  /** What `augmentInto` makes of a square image with these draws, which it must use up. */
  const drawn = (side: number, value: (x: number, y: number) => number, options: Augmentation, draws: number[]) => {
    const image = Uint8Array.from({ length: side * side * 3 }, (_, i) =>
      value(Math.floor(i / 3) % side, Math.floor(i / 3 / side)),
    );
    const target = new Float32Array(image.length);
    augmentInto(target, 0, { pixels: image, height: side, width: side }, options, () => draws.shift() as number);
    expect(draws).toEqual([]);
    return target;
  };

  it('a quarter of the way, the ratio of a crop is a quarter of the way in the logarithm', () => {
    const options = { ...none, cropScale: [0.5, 0.5] } as const;
    // Area, ratio, place; neither mirrored nor erased. 3/4 · (16/9)^¼ = 0.866: 66 × 76 pixels of 5,000.
    const found = drawn(100, (x) => 2 * x, options, [0, 0.25, 0, 0, 0.9, 0.9]);
    const slope = (((found[60 * 3] as number) - (found[20 * 3] as number)) * 127.5) / 40 / 2;
    expect(slope * 100).toBeCloseTo(66, 2);
  });

  it('the flattest rectangle has a ratio of 0.3, and none reaches the sides of the image', () => {
    const options = { ...none, erase: 1, eraseScale: [0.192, 0.192] } as const;
    // 48,000 pixels: 120 × 400.
    const found = drawn(500, () => 0, options, [0, 0.5, 0, 0, 0.9, 0, 0, 0, 0, 0]);
    const erased = [...found.keys()].filter((i) => i % 3 === 0 && found[i] === 0);
    expect(erased.length).toBe(120 * 400);
    for (let seed = 0; seed < 200; seed++) {
      const whole = augment({ ...none, erase: 1, eraseScale: [1, 1] }, 0, seed);
      expect(whole.every((value) => value === 0)).toBe(false);
    }
  });
});

describe('draws of colour jitter', () => {
  const draws = Array.from({ length: 2400 }, (_, seed) => drawColourJitter(0.1, randomStream(seed, 'colours')));

  it('factors are even in 1 ± jitter, hue in 0 ± jitter', () => {
    for (const name of ['brightness', 'contrast', 'saturation'] as const) {
      expectEven(
        draws.map((draw) => draw[name]),
        0.9,
        1.1,
        0.001,
      );
    }
    expectEven(
      draws.map(({ hue }) => hue),
      -0.1,
      0.1,
      0.001,
    );
  });

  it('all orders are equally likely', () => {
    const counts = new Map<string, number>();
    for (const { order } of draws) counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1);
    expect(counts.size).toBe(24);
    // 100 each; five standard errors.
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });

  it('are those that the image gets: a jitter of 0.1 changes brightness, saturation and hue', () => {
    const orange = {
      pixels: Uint8Array.from({ length: size }, (_, i) => [200, 120, 40][i % 3] as number),
      height,
      width,
    };
    const seen = Array.from({ length: 300 }, (_, seed) => {
      const target = new Float32Array(size);
      augmentInto(target, 0, orange, { ...none, jitter: 0.1 }, randomStream(seed, 'orange'));
      const [r, g, b] = [0, 1, 2].map((c) => ((target[c] as number) + 1) * 127.5) as [number, number, number];
      return { brightness: r, saturation: (r - b) / r, hue: (g - b) / (r - b) };
    });
    const spread = (values: number[]): number => Math.max(...values) - Math.min(...values);
    expect(spread(seen.map(({ brightness }) => brightness))).toBeGreaterThan(30);
    expect(spread(seen.map(({ saturation }) => saturation))).toBeGreaterThan(0.1);
    // Half a sixth of a turn is 0.5; ± 0.1 turns are ± 0.6.
    expect(spread(seen.map(({ hue }) => hue))).toBeGreaterThan(0.5);
  });
});

/** Values fill [lowest, highest] evenly: the ends within `slack`, the mean and the quartiles within five standard errors. */
const expectEven = (values: number[], lowest: number, highest: number, slack: number): void => {
  const sorted = [...values].sort((a, b) => a - b);
  const length = highest - lowest;
  expect(sorted[0]).toBeGreaterThan(lowest - slack);
  expect(sorted.at(-1)).toBeLessThan(highest + slack);
  // The chance that 400 even draws leave out the outer fiftieth is 3e-4.
  expect(sorted[0]).toBeLessThan(lowest + slack + length / 50);
  expect(sorted.at(-1)).toBeGreaterThan(highest - slack - length / 50);
  for (const part of [0.25, 0.5, 0.75]) {
    const quantile = sorted[Math.floor(part * sorted.length)] as number;
    const error = length * Math.sqrt((part * (1 - part)) / sorted.length);
    expect(Math.abs(quantile - (lowest + part * length))).toBeLessThan(5 * error + slack);
  }
};
