import type { CheckpointArray } from '../../core/checkpoint.ts';
import { CemiflowError } from '../../core/errors.ts';
import { permutation } from '../../core/random.ts';
import type { ImageSet } from '../../data/images.ts';
import { pixelsOf } from '../../data/images.ts';
import type { CopyRecipe } from '../../data/loader/copies.ts';
import { compileFunction } from '../../nn/compile/index.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import type { InputContext } from '../../training/input.ts';
import type { AutoencoderConfig } from './autoencoder/config.ts';
import { encode } from './autoencoder/forward.ts';

/** Images that the deviation is measured on, and how many of them are encoded together. */
const measured = 256;
const batch = 32;

/**
 * 1 / σ, σ the standard deviation of latents over 256 images drawn by the seed: latents times this have deviation one, as the noise
 * has (Rombach et al. 2022, appendix G). Another attempt keeps the value of the first.
 *
 * @param encoder `encoderParameters` by name
 * @throws CemiflowError `Diverged` where latents are not finite, or all the same
 */
export const latentScaleOf = async (
  input: InputContext<CopyRecipe>,
  data: ImageSet,
  encoder: { readonly config: AutoencoderConfig; readonly weights: Tensors },
  options: PrecisionOption,
): Promise<number> => {
  const { scale } = await input.checkpoints.keep('latent scale', async () => {
    const deviation = await deviationOf(input, data, encoder, options);
    return { scale: { dtype: 'float32', shape: [1], data: Float32Array.of(1 / deviation) } };
  });
  const found = (scale as CheckpointArray).data[0] as number;
  if (Number.isFinite(found) && found > 0) return found;
  throw new CemiflowError('Diverged', `latents must be finite and differ, their inverse deviation is ${found}`, {
    remedy: 'train the autoencoder again, with a lower lr',
    data: { tensor: 'latents' },
  });
};

const deviationOf = async (
  { seed, progress }: InputContext<CopyRecipe>,
  data: ImageSet,
  { config, weights }: { readonly config: AutoencoderConfig; readonly weights: Tensors },
  { precision }: PrecisionOption,
): Promise<number> => {
  const rows = permutation(data.count, seed, 'latent scale').subarray(0, measured);
  const shape: [number, number, number, number] = [batch, data.height, data.width, 3];
  const size = data.height * data.width * 3;
  const example = { images: tf.zeros(shape) };
  const encoder = compileFunction(
    (w, { images }) => ({ latents: encode(w, images as tf.Tensor4D, config) }),
    weights,
    example,
    { precision },
  );
  let [count, sum, squares] = [0, 0, 0];
  try {
    for (let from = 0; from < rows.length; from += batch) {
      const taken = rows.subarray(from, from + batch);
      const values = new Float32Array(batch * size);
      for (const [slot, row] of taken.entries())
        for (const [k, level] of (await pixelsOf(data, row)).entries()) values[slot * size + k] = level / 127.5 - 1;
      const images = tf.tensor4d(values, shape);
      const { latents } = encoder.run({ images }) as { latents: tf.Tensor };
      const encoded = latents.dataSync() as Float32Array;
      tf.dispose([images, latents]);
      for (const value of encoded.subarray(0, (encoded.length / batch) * taken.length)) {
        count++;
        sum += value;
        squares += value * value;
      }
      await progress({ phase: 'measure latents', step: from + taken.length, steps: rows.length });
    }
  } finally {
    tf.dispose(example);
    encoder.dispose();
  }
  return Math.sqrt(squares / count - (sum / count) ** 2);
};
