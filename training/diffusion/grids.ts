import type { StageContext } from '../../core/stage.ts';
import type { ImageSet } from '../../data/images.ts';
import type { Image } from '../../formats/image.ts';
import { unflatten } from '../../nn/flat.ts';
import { withPrefix } from '../../nn/gradients.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import type { Drawing } from '../album.ts';
import type { DiffusionMethod, DiffusionOptions, SampleGrid } from './method.ts';
import { Sampler } from './sample.ts';

/** Draws grids of samples at equal distances, the last one after the last step. @param steps of the training */
export const gridsOf = (
  grid: SampleGrid,
  method: DiffusionMethod,
  options: Pick<DiffusionOptions, 'timesteps' | 'snrFactor' | 'precision'>,
  steps: number,
  input: Pick<StageContext, 'seed' | 'progress'>,
): Drawing => {
  const { grids } = grid.options;
  const passed = (done: number): number => Math.floor((done * grids) / steps);
  return {
    due: (done) => done > 0 && passed(done) > passed(done - 1),
    draw: (state) => drawGrid(grid, method, options, state, input),
  };
};

const drawGrid = async (
  { rows, columns, options, decoder, conditionsBy, ...noise }: SampleGrid,
  method: DiffusionMethod,
  { timesteps, snrFactor, precision }: Pick<DiffusionOptions, 'timesteps' | 'snrFactor' | 'precision'>,
  state: Tensors,
  input: Pick<StageContext, 'seed' | 'progress'>,
): Promise<Image> => {
  const weights = trainedWeights(state, method);
  try {
    const conditionsOf = await conditionsBy({ ...weights, ...withPrefix(state, 'stats') });
    // One batch, so that a grid costs as many passes as it has steps.
    const sampler = new Sampler({ ...weights, ...decoder }, method.denoiser, {
      ...{ timesteps, snrFactor, precision, steps: Math.min(options.steps, timesteps), batch: rows * columns },
      sampler: { type: 'ddim', eta: 0, epsilon: 'network' },
    });
    try {
      const pixels = await sampler.sample(
        { first: 0, identities: rows, images: columns, conditionsOf, ...noise },
        input,
      );
      return sideBySide(pixels, rows, columns, sampler.size);
    } finally {
      sampler.dispose();
    }
  } finally {
    tf.dispose(weights);
  }
};

/**
 * The denoiser's weights as the training would store them now; the caller disposes them.
 *
 * @param state with `ema`, and with `w` where the last values of some are stored
 */
export const trainedWeights = (
  state: Tensors,
  { denoiser: { parameters }, last = () => false }: Pick<DiffusionMethod, 'denoiser' | 'last'>,
): Tensors =>
  tf.tidy(() => {
    const averages = unflatten(state.ema as tf.Tensor1D, parameters);
    if (!parameters.some(({ name }) => last(name))) return averages;
    const values = unflatten(state.w as tf.Tensor1D, parameters);
    return Object.fromEntries(
      parameters.map(({ name }) => [name, (last(name) ? values : averages)[name] as tf.Tensor]),
    );
  });

/** One picture of all images. @param pixels uint8 RGB [rows · columns, H, W, 3], row by row */
const sideBySide = (
  pixels: Uint8Array,
  rows: number,
  columns: number,
  [height, width]: readonly [height: number, width: number],
): Image => {
  const line = width * 3;
  const all = new Uint8Array(pixels.length);
  for (let y = 0; y < rows * height; y++)
    for (let column = 0; column < columns; column++) {
      const image = Math.floor(y / height) * columns + column;
      const from = (image * height + (y % height)) * line;
      all.set(pixels.subarray(from, from + line), (y * columns + column) * line);
    }
  return { pixels: all, height: rows * height, width: columns * width };
};

/** Rows of the first image of each of the first so many people. */
export const firstImages = ({ labels, classes }: Pick<ImageSet, 'labels' | 'classes'>, people: number): number[] =>
  Array.from({ length: Math.min(people, classes) }, (_, label) => labels.indexOf(label));
