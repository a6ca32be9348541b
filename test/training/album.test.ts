import { expect, it } from 'vitest';
import { compileStep } from '../../nn/compile/index.ts';
import { tf } from '../../nn/tf.ts';
import { Album, type Drawing } from '../../training/album.ts';

/** A picture that shows its step. */
const drawing: Drawing = {
  due: (done) => done % 2 === 0,
  draw: async (_state, done) => ({ height: 1, width: 2, pixels: Uint8Array.of(done, 1, 2, 3, 254, 255) }),
};

const step = compileStep((state) => ({ state, metrics: {} }), { w: tf.scalar(1) }, {}, { compiled: false });

it('goes on with the pictures of a checkpoint, in the order of their steps, and may draw one of them again', async () => {
  const album = new Album(drawing, {});
  for (let done = 1; done <= 10; done++) await album.draw(step, done, () => true);
  const kept = Object.entries(album.arrays);
  const resumed = new Album(drawing, { ...Object.fromEntries([...kept].reverse()), w: kept[0]?.[1] as never });
  await resumed.draw(step, 10, () => true);
  await resumed.draw(step, 12, () => true);
  expect(resumed.pictures.map((each) => each.step)).toEqual([2, 4, 6, 8, 10, 12]);
  expect(resumed.pictures.map(({ pixels }) => [...pixels])).toEqual(
    [2, 4, 6, 8, 10, 12].map((done) => [done, 1, 2, 3, 254, 255]),
  );
  expect(Object.keys(resumed.arrays)).toEqual([2, 4, 6, 8, 10, 12].map((done) => `drawn.${done}`));
});

it('gives checkpoints copies, which they own', async () => {
  const album = new Album(drawing, {});
  await album.draw(step, 2, () => true);
  album.arrays['drawn.2']?.data.fill(0);
  expect([...(album.pictures[0]?.pixels ?? [])]).toEqual([2, 1, 2, 3, 254, 255]);
});

it('leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  await new Album(drawing, {}).draw(step, 2, () => true);
  expect(tf.memory().numTensors).toBe(before);
});
