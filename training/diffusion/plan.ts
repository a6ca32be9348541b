import { randomStream } from '../../core/random.ts';
import type { CopyRecipe } from '../../data/loader/copies.ts';
import { linearSchedule } from '../../nn/diffusion/schedule.ts';
import { emaDecay } from '../../nn/optim/ema.ts';
import { StepPlanner } from '../planner.ts';
import type { DiffusionOptions, SampleSource } from './method.ts';
import { learningRate } from './rate.ts';

/** What one step needs besides its images. B: samples of the batch. */
export interface DiffusionPlan {
  /** Images of the batch: the B first ones of all samples, then the B second ones, and so on. */
  readonly recipe: CopyRecipe;
  /** The samples' arrays by name, float32 [B, …]: conditions, `time` t and `alphaBar` ᾱ_t. */
  readonly arrays: { readonly [name: string]: Float32Array };
  readonly rate: number;
  readonly emaDecay: number;
}

/** Steps as functions of (seed, step) alone: order, mirroring, conditions, t and noise follow from these. */
export class DiffusionPlanner {
  readonly steps: number;
  readonly #planner: StepPlanner;
  readonly #alphaBar: Float64Array;
  readonly #samples: SampleSource;
  readonly #options: DiffusionOptions;
  readonly #seed: number;

  /** @param images of the dataset @throws CemiflowError `TooFewImages` */
  constructor(images: number, samples: SampleSource, options: DiffusionOptions, seed: number) {
    const { batch, epochs, timesteps, snrFactor } = options;
    this.#planner = new StepPlanner({ images, batch, epochs, seed, tag: 'diffusion order' });
    this.#alphaBar = linearSchedule(timesteps, snrFactor).alphaBar;
    this.#samples = samples;
    this.#options = options;
    this.#seed = seed;
    this.steps = this.#planner.steps;
  }

  at(step: number): DiffusionPlan {
    const { batch, timesteps, emaMaximum } = this.#options;
    const { images: names, conditions: shapes, draw } = this.#samples;
    const uniform = randomStream(this.#seed, 'diffusion batch', step);
    const recipe = { rows: new Int32Array(names.length * batch), mirrored: new Uint8Array(names.length * batch) };
    const sizes = Object.entries(shapes).map(([name, shape]) => [name, shape.reduce((a, b) => a * b, 1)] as const);
    const conditions = Object.fromEntries(sizes.map(([name, size]) => [name, new Float32Array(batch * size)]));
    const time = new Float32Array(batch);
    const alphaBar = new Float32Array(batch);
    for (const [i, row] of this.#planner.at(step).rows.entries()) {
      const sample = draw(row, uniform);
      for (const [k, image] of sample.images.entries()) {
        recipe.rows[k * batch + i] = image.row;
        recipe.mirrored[k * batch + i] = image.mirrored ? 1 : 0;
      }
      for (const [name, size] of sizes) {
        (conditions[name] as Float32Array).set(sample.conditions[name] as ArrayLike<number>, i * size);
      }
      const t = Math.floor(uniform() * timesteps);
      time[i] = t;
      alphaBar[i] = this.#alphaBar[t] as number;
    }
    return {
      recipe,
      arrays: { ...conditions, time, alphaBar },
      rate: learningRate(this.#options, step, this.steps),
      emaDecay: emaDecay(step, emaMaximum),
    };
  }
}
