import type { PrecisionOption } from '../../nn/compile/precision.ts';
import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import type { NoiseOptions } from '../../nn/diffusion/schedule.ts';
import type { DiffusionTraining } from '../../nn/diffusion/train-step.ts';
import type { Tensors } from '../../nn/tf.ts';
import type { StoredParameter } from '../../nn/weights.ts';
import type { SampleJob } from './sample.ts';

/**
 * What the diffusion trainer asks a generator method for. Each method lives in `methods/<name>/`; the trainer knows none.
 */
export interface DiffusionMethod extends Pick<DiffusionTraining, 'loss' | 'clean'> {
  readonly denoiser: Denoiser;
  readonly samples: SampleSource;
  /** Weights of networks that are not trained, for `loss` and `clean`; they belong to the caller. */
  readonly frozen: Tensors;
  /** Weights that the denoiser starts from, in place of its first ones; they belong to the caller. */
  readonly initial?: Tensors;
  /** Statistics that training keeps beside the weights, with their first values, which belong to the caller. Stored with the weights. */
  readonly statistics?: { readonly parameters: readonly StoredParameter[]; readonly initial: Tensors };
  /** Parameters of which the last values are stored, and not their average; default none. */
  readonly last?: (name: string) => boolean;
  /** Grids of samples to draw on the way; default none. */
  readonly grid?: SampleGrid;
}

/** What a method's grids show. All grids of a training have the same noise and the same conditions. */
export interface SampleGrid extends Pick<SampleJob, 'noiseOf'> {
  readonly options: GridOptions;
  readonly rows: number;
  readonly columns: number;
  /** Weights that the denoiser's `decode` reads beside its own; they belong to the caller. */
  readonly decoder?: Tensors;
  /** @param weights of the denoiser as the training would store them now, and the statistics @returns conditions by row and column */
  conditionsBy(weights: Tensors): SampleJob['conditionsOf'] | Promise<SampleJob['conditionsOf']>;
}

/** The parameter `samples` of a method's train stage. */
export interface GridOptions {
  /** How many grids, at equal distances. */
  readonly grids: number;
  /** Most rows. */
  readonly identities: number;
  /** Most columns. */
  readonly images: number;
  /** DDIM steps of a sample. */
  readonly steps: number;
}

/** How a method puts the samples of a batch together. */
export interface SampleSource {
  /** Names of the images of one sample. The first is the one that the network learns to make, and is called `images`. */
  readonly images: readonly ['images', ...string[]];
  /** The arrays that come with one sample, by name, with their shapes: the denoiser's conditions, and what else the loss reads. */
  readonly conditions: { readonly [name: string]: readonly number[] };
  /**
   * Draws one sample: which images it holds, whether they are mirrored, and the conditions that go with them.
   *
   * @param row of the dataset; the image that this epoch's order has come to
   * @param uniform the batch's random numbers in [0, 1), the only source of randomness; draws in a fixed order
   */
  draw(row: number, uniform: () => number): DrawnSample;
}

export interface DrawnSample {
  /** One for each name of `SampleSource.images`. */
  readonly images: readonly DrawnImage[];
  /** The values of each array of `SampleSource.conditions`. */
  readonly conditions: { readonly [name: string]: ArrayLike<number> };
}

export interface DrawnImage {
  /** Row of the dataset. */
  readonly row: number;
  readonly mirrored: boolean;
}

/** The parameters of diffusion training that no method owns; see the schema of a method's train stage. */
export interface DiffusionOptions extends PrecisionOption, NoiseOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly lr: number;
  readonly warmup: number;
  readonly decay: 'constant' | 'cosine' | 'restarts';
  /** Steps of the first cycle, where the rate restarts. */
  readonly cycle?: number;
  readonly weightDecay: number;
  readonly emaMaximum: number;
}
