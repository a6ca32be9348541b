import { type ImageSet, pixelsOf } from '../../data/images.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { firstImages } from '../../training/diffusion/grids.ts';
import type { GridOptions, SampleGrid } from '../../training/diffusion/method.ts';
import type { LoadedRecognizer } from '../../training/recognizer.ts';
import { identityConditions, styleConditions } from './condition.ts';
import type { DcFaceNetwork } from './config.ts';
import { styleMap } from './style.ts';

/**
 * Sample grids of DCFace: a row for each of the first people, by their first image, and columns in the styles of images from all over
 * the set.
 */
export const dcfaceGrid = (
  options: GridOptions,
  data: ImageSet,
  recognizer: LoadedRecognizer,
  network: DcFaceNetwork,
): SampleGrid => {
  const people = firstImages(data, options.identities);
  const columns = Math.min(options.images, data.count);
  const styles = Array.from({ length: columns }, (_, column) => Math.floor((column * data.count) / columns));
  return {
    ...{ options, columns, rows: people.length },
    conditionsBy: async (weights) => {
      const identities = await conditionsOf(data, people, (images) =>
        identityConditions(weights, weights, images, network),
      );
      const styled = await conditionsOf(data, styles, (images) =>
        styleConditions(weights, weights, styleMap(recognizer.weights, images, recognizer.config), network),
      );
      return (row, column) => ({ ...identities[row], ...styled[column] });
    },
  };
};

/** The conditions of a few images, one entry for each. @param made gets float32 [rows, S, S, 3] in [-1, 1] */
const conditionsOf = async (
  data: ImageSet,
  rows: readonly number[],
  made: (images: tf.Tensor4D) => Tensors,
): Promise<{ readonly [name: string]: Float32Array }[]> => {
  const size = data.height * data.width * 3;
  const values = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries())
    for (const [k, level] of (await pixelsOf(data, row)).entries()) values[i * size + k] = level / 127.5 - 1;
  const conditions = tf.tidy(() => made(tf.tensor4d(values, [rows.length, data.height, data.width, 3])));
  const arrays = Object.entries(conditions).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array] as const);
  tf.dispose(conditions);
  return rows.map((_, i) =>
    Object.fromEntries(
      arrays.map(([name, array]) => {
        const length = array.length / rows.length;
        return [name, array.subarray(i * length, (i + 1) * length)];
      }),
    ),
  );
};
