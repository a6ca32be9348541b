import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { type Degradation, degrade, type Magnitudes } from '../../data/augment/degrade.ts';
import { compressJpeg } from '../../data/augment/jpeg-loss.ts';
import { blurAlong, gaussian, resample, warpCorners } from '../../data/augment/resample.ts';

const size = { height: 24, width: 32 };
const count = size.height * size.width * 3;

/** Smooth colours under noise, in whole levels. */
const photo = (): Float32Array => {
  const uniform = randomStream(5, 'photo');
  return Float32Array.from({ length: count }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % size.width, Math.floor(i / 3 / size.width), i % 3];
    return Math.round(120 + 60 * Math.sin(x / 5 + c) + 40 * Math.cos(y / 4 - c) + 20 * (uniform() - 0.5));
  });
};
const original = photo();
const at = (pixels: Float32Array, y: number, x: number, c: number): number =>
  pixels[3 * (y * size.width + x) + c] as number;

const never: Degradation = {
  ...{ cut: 0, warp: 0, photometric: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0, grey: 0 },
  ...{ blur: 0, motionBlur: 0, lowResolution: 0, noise: 0, jpeg: 0 },
};
const magnitudes: Magnitudes = {
  ...{ cut: [0.2, 1], lowResolution: [0.2, 1], colour: 0.5, hue: 0.1, warp: 0.05 },
  ...{ blur: [0.005, 0.02], motionBlur: [0.03, 0.1], noise: [2, 12], jpeg: [30, 90] },
} as Magnitudes;
const names = Object.keys(never) as (keyof Degradation)[];

const degraded = (probabilities: Partial<Degradation>, seed = 1, more: Partial<Magnitudes> = {}): Float32Array => {
  const pixels = photo();
  degrade(pixels, size, { ...never, ...probabilities }, { ...magnitudes, ...more }, randomStream(seed, 'degrade'));
  return pixels;
};

describe('degrade', () => {
  it('leaves the image as it is where nothing is asked for, and draws nothing', () => {
    const pixels = photo();
    degrade(pixels, size, never, magnitudes, () => {
      throw new Error('a number was drawn');
    });
    expect(pixels).toEqual(original);
  });

  it.each(names)('%s changes the image as often as its probability says, and stays in 0 … 255', (name) => {
    let changed = 0;
    for (let seed = 0; seed < 200; seed++) {
      const made = degraded({ [name]: 0.4 }, seed);
      if (made.some((value, i) => value !== original[i])) changed++;
      expect(made.every((value) => value >= 0 && value <= 255)).toBe(true);
    }
    // Five deviations of a binomial around 80.
    expect(Math.abs(changed - 80)).toBeLessThan(35);
  });

  it.each(names)('%s is a function of image and stream', (name) => {
    expect(degraded({ [name]: 1 }, 3)).toEqual(degraded({ [name]: 1 }, 3));
  });

  it('grey gives the three colours one value, that of torchvision', () => {
    const [made, before] = [degraded({ grey: 1 }), original];
    for (let i = 0; i < count; i += 3) {
      const grey =
        0.2989 * (before[i] as number) + 0.587 * (before[i + 1] as number) + 0.114 * (before[i + 2] as number);
      for (const c of [0, 1, 2]) expect(made[i + c]).toBeCloseTo(Math.max(0, Math.min(grey, 255)), 3);
    }
  });

  it('a cut leaves one rectangle of the area asked for as it was, and black around it', () => {
    for (let seed = 0; seed < 20; seed++) {
      const made = degraded({ cut: 1 }, seed, { cut: [0.25, 0.25] });
      const kept = Array.from({ length: count / 3 }, (_, i) => i).filter((i) =>
        made.slice(3 * i, 3 * i + 3).some((v) => v > 0),
      );
      const [ys, xs] = [kept.map((i) => Math.floor(i / size.width)), kept.map((i) => i % size.width)];
      const [h, w] = [Math.max(...ys) - Math.min(...ys) + 1, Math.max(...xs) - Math.min(...xs) + 1];
      expect(h * w).toBe(kept.length);
      expect((h * w) / (count / 3)).toBeGreaterThan(0.22);
      expect((h * w) / (count / 3)).toBeLessThan(0.28);
      for (const i of kept) for (const c of [0, 1, 2]) expect(made[3 * i + c]).toBe(original[3 * i + c]);
    }
  });

  it('noise has the deviation asked for', () => {
    const made = degraded({ noise: 1 }, 4, { noise: [6, 6] });
    const differences = Array.from(made, (value, i) => value - (original[i] as number));
    const deviation = Math.sqrt(differences.reduce((sum, d) => sum + d * d, 0) / count);
    expect(deviation).toBeGreaterThan(5.6);
    expect(deviation).toBeLessThan(6.4);
  });
});

describe('JPEG without encoding', () => {
  it.each([30, 50, 75, 90])('quality %i: what libjpeg makes of the image, but for its rounding', async (quality) => {
    const pixels = photo();
    compressJpeg(pixels, size, quality);
    const raw = { ...size, channels: 3 } as const;
    const file = await sharp(Uint8Array.from(original), { raw })
      .jpeg({ quality, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const wanted = await sharp(file).raw().toBuffer();
    const apart = Array.from(pixels, (value, i) => Math.abs(value - (wanted[i] as number)));
    const lost = Array.from(original, (value, i) => Math.abs(value - (wanted[i] as number)));
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(lost)).toBeGreaterThan(1);
    expect(mean(apart)).toBeLessThan(0.2 * mean(lost));
  });
});

describe('resampling', () => {
  it('blurs as the plain sum over neighbours says, the edge going on beyond itself', () => {
    const kernel = gaussian(1.3);
    expect(kernel.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect((kernel[4] as number) / (kernel[6] as number)).toBeCloseTo(Math.exp((4 - 0) / (2 * 1.69)), 9);
    const made = photo();
    blurAlong(made, size, kernel, [0, 1]);
    for (const [y, x] of [
      [0, 0],
      [5, 7],
      [23, 31],
    ] as const) {
      let sum = 0;
      for (let k = -4; k <= 4; k++)
        sum += (kernel[k + 4] as number) * at(original, y, Math.max(0, Math.min(x + k, 31)), 1);
      expect(at(made, y, x, 1)).toBeCloseTo(sum, 3);
    }
  });

  it.each(['nearest', 'linear', 'area'] as const)(
    '%s: keeps the image at its own size, and a flat one at any',
    (way) => {
      expect(resample(original, size, size, way)).toEqual(original);
      const flat = new Float32Array(count).fill(77);
      for (const value of resample(flat, size, { height: 7, width: 45 }, way)) expect(value).toBeCloseTo(77, 4);
    },
  );

  it('area takes the mean over what a new pixel covers; nearest a pixel that is there', () => {
    const half = { height: 12, width: 16 };
    const [area, nearest] = [resample(original, size, half, 'area'), resample(original, size, half, 'nearest')];
    const four = [at(original, 4, 6, 2), at(original, 4, 7, 2), at(original, 5, 6, 2), at(original, 5, 7, 2)];
    const place = 3 * (2 * half.width + 3) + 2;
    expect(area[place]).toBeCloseTo(four.reduce((a, b) => a + b) / 4, 4);
    expect(four).toContain(nearest[place]);
  });

  it('moves the corners: all by the same shift moves the image', () => {
    const moved = photo();
    const shifts = Array.from({ length: 4 }, () => [2 / size.height, -3 / size.width]).flat();
    warpCorners(moved, size, () => shifts.shift() as number);
    expect(at(moved, 10, 10, 0)).toBeCloseTo(at(original, 12, 7, 0), 3);
    const still = photo();
    warpCorners(still, size, () => 0);
    expect(still).toEqual(original);
  });
});
