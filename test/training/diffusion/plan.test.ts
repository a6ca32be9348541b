import { describe, expect, it } from 'vitest';
import type { DiffusionOptions, SampleSource } from '../../../training/diffusion/method.ts';
import { DiffusionPlanner } from '../../../training/diffusion/plan.ts';
import { learningRate } from '../../../training/diffusion/rate.ts';
import { countsOf, unevenness } from '../../helpers/chi-square.ts';

const options: DiffusionOptions = {
  ...{ epochs: 3, batch: 4, microBatch: 0, lr: 0.01, warmup: 2, decay: 'cosine' },
  ...{ weightDecay: 0.01, emaMaximum: 0.5, timesteps: 10, snrFactor: 1, precision: 'float32' },
};

/** Pairs of an image and its mirrored neighbour, with two conditions that name them. */
const pairs: SampleSource = {
  images: ['images', 'neighbours'],
  conditions: { own: [], both: [2] },
  draw: (row) => ({
    images: [
      { row, mirrored: false },
      { row: row + 1, mirrored: true },
    ],
    conditions: { own: [row], both: [row, row + 1] },
  }),
};

const plannerOf = (more: Partial<DiffusionOptions> = {}, images = 12, seed = 7) =>
  new DiffusionPlanner(images, pairs, { ...options, ...more }, seed);

const plansOf = (planner: DiffusionPlanner) => Array.from({ length: planner.steps }, (_, step) => planner.at(step));

const timesOf = (planner: DiffusionPlanner): number[] =>
  plansOf(planner).flatMap(({ arrays }) => [...(arrays.time ?? [])]);

describe('the plan of a diffusion step', () => {
  it('draws t from 0 … T − 1, every t equally often', () => {
    const times = timesOf(plannerOf({ epochs: 200, timesteps: 40 }, 80));
    expect(times).toHaveLength(16_000);
    expect(times.every((t) => Number.isInteger(t) && t >= 0 && t < 40)).toBe(true);
    expect(unevenness(countsOf(times, 40))).toBeLessThan(1);
  });

  it('reaches both ends of the schedule of the paper', () => {
    const times = timesOf(plannerOf({ epochs: 100, timesteps: 1000 }, 80));
    expect(new Set(times).size).toBeGreaterThan(990);
    expect(Math.min(...times)).toBe(0);
    expect(Math.max(...times)).toBe(999);
  });

  it('draws t anew in every step, epoch and sample, and otherwise with another seed', () => {
    const drawn = [plannerOf({ timesteps: 1000 }), plannerOf({ timesteps: 1000 }, 12, 8)].map(timesOf);
    // 36 draws of 1,000: a pair of equal ones has to be expected now and then, not more.
    for (const times of drawn) expect(new Set(times).size).toBeGreaterThan(32);
    expect(drawn[0]).not.toEqual(drawn[1]);
  });

  it("gives each t its ᾱ: the product of 1 − β over DDPM's linear betas", () => {
    const { arrays } = plannerOf({ timesteps: 1000 }).at(1);
    arrays.time?.forEach((t, i) => {
      let alphaBar = 1;
      for (let s = 0; s <= t; s++) alphaBar *= 1 - (1e-4 + ((2e-2 - 1e-4) * s) / 999);
      expect(arrays.alphaBar?.[i]).toBeCloseTo(alphaBar, 6);
    });
  });

  it('takes each image once an epoch, in another order in each', () => {
    const epochs = [0, 1, 2].map((epoch) =>
      [0, 1, 2].flatMap((step) => [...(plannerOf().at(epoch * 3 + step).arrays.own ?? [])]),
    );
    for (const rows of epochs) expect([...rows].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(new Set(epochs.map(String)).size).toBe(3);
  });

  it('keeps what belongs to one sample together: all first images, then all second ones, conditions in the same order', () => {
    for (const { recipe, arrays } of plansOf(plannerOf())) {
      const own = [...(arrays.own ?? [])];
      expect([...recipe.rows]).toEqual([...own, ...own.map((row) => row + 1)]);
      expect([...(recipe.mirrored ?? [])]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
      expect([...(arrays.both ?? [])]).toEqual(own.flatMap((row) => [row, row + 1]));
    }
  });

  it('has the learning rate of its step: a linear warm-up, then half a cosine, or a constant', () => {
    // Nine steps, of which two warm up: 0.01 · (1 + cos(π k / 7)) / 2 at k = 0 … 6.
    const cosine = [0, 1, 2, 3, 4, 5, 6].map((k) => 0.005 * (1 + Math.cos((Math.PI * k) / 7)));
    const rates = (more: Partial<DiffusionOptions>) => plansOf(plannerOf(more)).map(({ rate }) => rate);
    const wanted = [0.005, 0.01, ...cosine];
    for (const [step, rate] of rates({}).entries()) expect(rate).toBeCloseTo(wanted[step] as number, 12);
    expect(rates({ decay: 'constant' })).toEqual([0.005, ...new Array(8).fill(0.01)]);
    expect(rates({ decay: 'constant', warmup: 0 })).toEqual(new Array(9).fill(0.01));
    expect(rates({ decay: 'constant', lr: 0.02 })).toEqual(rates({ decay: 'constant' }).map((rate) => 2 * rate));
  });

  it('has the decay of the moving average of its step: 1 − (1 + step)^−0.75, up to the maximum', () => {
    const decays = (more: Partial<DiffusionOptions>) => plansOf(plannerOf(more)).map(({ emaDecay }) => emaDecay);
    const free = decays({ emaMaximum: 0.9999 });
    for (const [step, decay] of free.entries()) expect(decay).toBeCloseTo(1 - 1 / (1 + step) ** 0.75, 12);
    expect(decays({})).toEqual(free.map((decay) => Math.min(0.5, decay)));
    expect(decays({ emaMaximum: 0 })).toEqual(new Array(9).fill(0));
  });

  it('follows from seed and step alone: a training that resumes draws what one that was not interrupted drew', () => {
    const all = plansOf(plannerOf());
    for (const step of [8, 4, 3, 0]) expect(plannerOf().at(step)).toEqual(all[step]);
  });
});

describe('the learning rate', () => {
  it('with cosine decay falls from lr to almost 0, half of it at half time', () => {
    const at = (step: number) => learningRate({ lr: 1, warmup: 0, decay: 'cosine' }, step, 1000);
    expect([at(0), at(500)]).toEqual([1, expect.closeTo(0.5, 12)]);
    expect(at(999)).toBeGreaterThan(0);
    expect(at(999)).toBeLessThan(1e-5);
  });

  it('with restarts falls by half cosines, each twice as long as the one before', () => {
    const at = (step: number) => learningRate({ lr: 2, warmup: 1, decay: 'restarts', cycle: 4 }, step, 1000);
    // Cycles begin at steps 1, 5, 13 and 29.
    for (const start of [1, 5, 13, 29]) expect(at(start)).toBeCloseTo(2, 12);
    for (const middle of [3, 9, 21, 45]) expect(at(middle)).toBeCloseTo(1, 12);
    expect(at(4)).toBeCloseTo(1 + Math.cos((3 * Math.PI) / 4), 12);
    expect(at(12)).toBeCloseTo(1 + Math.cos((7 * Math.PI) / 8), 12);
  });
});
