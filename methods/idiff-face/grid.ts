import type { ImageSet } from '../../data/images.ts';
import type { Tensors } from '../../nn/tf.ts';
import { firstImages } from '../../training/diffusion/grids.ts';
import type { GridOptions, SampleGrid } from '../../training/diffusion/method.ts';
import type { IdentityTable } from '../../training/identity-table.ts';
import { decoderWeights } from './network.ts';

/**
 * Sample grids of IDiff-Face: a row for each of the first people, by the embedding of their first image, and a noise for each image.
 *
 * @param decoder `decoderParameters` of the autoencoder by name
 */
export const idiffFaceGrid = (
  options: GridOptions,
  data: Pick<ImageSet, 'labels' | 'classes'>,
  identities: Pick<IdentityTable, 'at'>,
  decoder: Tensors,
): SampleGrid => {
  const people = firstImages(data, options.identities);
  return {
    ...{ options, rows: people.length, columns: options.images },
    decoder: decoderWeights(decoder),
    conditionsBy: () => (row) => ({ identity: identities.at(people[row] as number) }),
  };
};
