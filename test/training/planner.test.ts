import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { StepPlanner } from '../../training/planner.ts';
import { countsOf, unevenness } from '../helpers/chi-square.ts';

const plannerOf = (more: Partial<ConstructorParameters<typeof StepPlanner>[0]> = {}) =>
  new StepPlanner({ images: 23, batch: 5, epochs: 6, seed: 7, tag: 'epoch', ...more });

/** The rows of each epoch, in order. */
const epochsOf = (planner: StepPlanner): number[][] => {
  const epochs: number[][] = [];
  for (let step = 0; step < planner.steps; step++) {
    const { epoch, rows } = planner.at(step);
    epochs[epoch] = [...(epochs[epoch] ?? []), ...rows];
  }
  return epochs;
};

describe('the order of images', () => {
  it('takes every image of an epoch at most once, and leaves the incomplete batch out', () => {
    const planner = plannerOf();
    expect([planner.stepsPerEpoch, planner.steps]).toEqual([4, 24]);
    const epochs = epochsOf(planner);
    expect(epochs).toHaveLength(6);
    for (const rows of epochs) {
      expect(rows).toHaveLength(20);
      expect(new Set(rows).size).toBe(20);
      expect(rows.every((row) => row >= 0 && row < 23)).toBe(true);
    }
  });

  it('holds all images where whole batches do', () => {
    for (const rows of epochsOf(plannerOf({ images: 25 }))) {
      expect([...rows].sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, row) => row));
    }
  });

  it('does not repeat where seed and epoch are exchanged', () => {
    const [one, two] = [epochsOf(plannerOf({ seed: 1 })), epochsOf(plannerOf({ seed: 2 }))];
    expect(one[2]).not.toEqual(two[1]);
  });

  it('is another one in each epoch, for each seed and for each tag', () => {
    const orders = [plannerOf(), plannerOf({ seed: 8 }), plannerOf({ tag: 'diffusion order' })].flatMap(epochsOf);
    expect(new Set(orders.map(String)).size).toBe(18);
  });

  it('puts each image at each place equally often', () => {
    const epochs = epochsOf(plannerOf({ images: 10, batch: 5, epochs: 1000 }));
    for (const place of [0, 4, 9]) {
      const counts = countsOf(
        epochs.map((rows) => rows[place] as number),
        10,
      );
      expect(unevenness(counts)).toBeLessThan(1);
    }
  });

  it('follows from the step alone: a training that resumes sees the batches of one that was not interrupted', () => {
    const planner = plannerOf();
    const all = Array.from({ length: 24 }, (_, step) => planner.at(step));
    for (const step of [23, 9, 4, 3, 0]) expect(plannerOf().at(step)).toEqual(all[step]);
  });

  it('is that of a second implementation for 1.2 million images, whatever the machine', () => {
    // sha256 of the order as int32, by sfc32 and Fisher-Yates written in Python.
    const planner = plannerOf({ images: 1_200_000, batch: 1_200_000 });
    const digests = [0, 1].map((step) => createHash('sha256').update(planner.at(step).rows).digest('hex').slice(0, 16));
    expect(digests).toEqual(['03cdc6f3e890f2cf', '83de0eb9d4d904c1']);
  });

  it('refuses a set that does not fill a batch', () => {
    expect(() => plannerOf({ images: 4 })).toThrow(expect.objectContaining({ code: 'TooFewImages' }));
    expect(plannerOf({ images: 5 }).stepsPerEpoch).toBe(1);
  });
});
