import { expect, it } from 'vitest';
import type { Images } from '../../../data/images.ts';
import { type AugmentRecipe, maker } from '../../../data/loader/augmented.ts';

const side = 4;
const size = side * side * 3;

/** Six images that are all the same: what differs between them is drawn. */
const images = (): Images => {
  const pixels = new SharedArrayBuffer(6 * size);
  new Uint8Array(pixels).forEach((_, i, all) => {
    all[i] = 40 * ((i % size) % 5);
  });
  return { count: 6, height: side, width: side, chunks: [{ first: 0, count: 6, pixels }] };
};

const augment = { cropScale: [1, 1], flip: 0, jitter: 0.5, erase: 0, eraseScale: [0.1, 0.2] } as const;

/** Each augmented image of a batch. */
const made = async (rows: number[], more: Partial<AugmentRecipe> = {}): Promise<Float32Array[]> => {
  const batch = await maker.fill(images(), { rows: Int32Array.from(rows), augment, seed: 7, epoch: 2, ...more });
  return rows.map((_, i) => batch.slice(i * size, (i + 1) * size));
};

it('augments an image in an epoch alike wherever in whichever batch it is', async () => {
  const [three, five] = await made([3, 5]);
  expect(await made([5, 0, 3])).toEqual([five, expect.anything(), three]);
  expect(five).not.toEqual(three);
});

it('draws anew for each image, epoch and seed', async () => {
  const [first] = await made([3]);
  for (const [other] of [await made([4]), await made([3], { epoch: 1 }), await made([3], { seed: 8 })])
    expect(other).not.toEqual(first);
});
