import { describe, expect, it } from 'vitest';
import { augmentInto } from '../../data/augment/augment.ts';
import { adjustColours, drawColourJitter } from '../../data/augment/colour-jitter.ts';
import { cases, golden } from '../golden/values.ts';

type Box = [top: number, left: number, height: number, width: number];
type Name = 'brightness' | 'contrast' | 'saturation' | 'hue';
interface Draw extends Readonly<Record<Name, number>> {
  readonly crop: Box;
  readonly mirrored: boolean;
  readonly order: readonly Name[];
  readonly erase: Box;
}
const { size, draws } = cases.augmentation as { size: number; draws: Draw[] };
const values = golden('augmentation');

/** C, H, W to H, W, C. */
const interleaved = (planes: ArrayLike<number>): number[] =>
  Array.from({ length: planes.length }, (_, i) => planes[(i % 3) * size * size + Math.floor(i / 3)] as number);

const pixels = interleaved(values.pixels as Float32Array);

const expectNear = (found: ArrayLike<number>, name: string, limit: number): void => {
  const wanted = interleaved(values[name] as Float32Array);
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs((found[i] as number) - value), `${name} at ${i}`).toBeLessThan(limit);
  });
};

const areaAndPlace = ([top, left, height, width]: Box): { area: number; place: number[] } => ({
  area: (height * width) / size ** 2,
  place: [(top + 0.5) / (size - height + 1), (left + 0.5) / (size - width + 1)],
});

/** Where `value` lies in a range, 0 … 1. */
const within = (value: number, lowest: number, highest: number): number => (value - lowest) / (highest - lowest);

/** The uniform numbers that make `drawColourJitter` draw this order. */
const orderDraws = (wanted: readonly Name[]): number[] => {
  for (let code = 0; code < 24; code++) {
    const numbers = [(code % 4) / 4, (Math.floor(code / 4) % 3) / 3, Math.floor(code / 12) / 2].map((u) => u + 0.1);
    const given = [...numbers];
    if (drawColourJitter(0, () => given.shift() ?? 0).order.join() === wanted.join()) return numbers;
  }
  throw new Error(`no draws give the order ${wanted.join()}`);
};

/** The uniform numbers that make `augmentInto` do what the golden script did. */
const uniformsOf = ({ crop, mirrored, order, brightness, contrast, saturation, hue, erase }: Draw): number[] => {
  const [c, e] = [areaAndPlace(crop), areaAndPlace(erase)];
  const cropRatio = within(Math.log(crop[3] / crop[2]), Math.log(3 / 4), Math.log(4 / 3));
  // Erasing draws height over width, cropping width over height.
  const eraseRatio = within(Math.log(erase[2] / erase[3]), Math.log(0.3), Math.log(3.3));
  const factors = [brightness, contrast, saturation].map((factor) => within(factor, 0.5, 1.5));
  const colours = [...orderDraws(order), ...factors, within(hue, -0.5, 0.5)];
  return [c.area, cropRatio, ...c.place, mirrored ? 0.4 : 0.6, ...colours, 0, e.area, eraseRatio, ...e.place];
};

// torchvision turns hue in float32: 1e-7 of 255, some roundings.
const limit = 255e-6;

describe('augmentation beside torchvision', () => {
  for (const [number, draw] of draws.entries()) {
    for (const name of ['brightness', 'contrast', 'saturation', 'hue'] as const) {
      it(`${name} ${draw[name]}`, () => {
        const found = Float32Array.from(pixels);
        const same = { brightness: 1, contrast: 1, saturation: 1, hue: 0 };
        adjustColours(found, { ...same, order: [name], [name]: draw[name] });
        expectNear(found, `${number}/${name}`, limit);
      });
    }

    it(`crop ${draw.crop}, bilinear`, () => {
      const found = new Float32Array(pixels.length);
      const options = { cropScale: [0, 1], flip: 0, jitter: 0, erase: 0, eraseScale: [0, 1] } as const;
      const uniforms = uniformsOf(draw);
      augmentInto(found, 0, image(), options, () => uniforms.shift() as number);
      expectNear(
        found.map((value) => (value + 1) * 127.5),
        `${number}/crop`,
        limit,
      );
    });

    it(`crop ${draw.crop}, ${draw.mirrored ? 'mirrored, ' : ''}${draw.order}, erasing ${draw.erase}`, () => {
      const found = new Float32Array(pixels.length);
      const options = { cropScale: [0, 1], flip: 0.5, jitter: 0.5, erase: 0.5, eraseScale: [0, 1] } as const;
      const uniforms = uniformsOf(draw);
      augmentInto(found, 0, image(), options, () => uniforms.shift() as number);
      expect(uniforms).toEqual([]);
      expectNear(found, String(number), (2 * limit) / 127.5);
    });
  }
});

const image = () => ({ pixels: Uint8Array.from(pixels), height: size, width: size });
