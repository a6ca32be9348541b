import type { ImageSet } from '../../data/images.ts';
import { firstImages } from '../../training/diffusion/grids.ts';
import type { GridOptions, SampleGrid } from '../../training/diffusion/method.ts';
import type { IdentityTable } from '../../training/identity-table.ts';

/**
 * Sample grids of CemiFace: a row for each of the first people, by the embedding of their first image, and columns from the lowest m to
 * the highest. A row shares one noise, so that only m varies along it.
 *
 * @param grid the values of m that training draws from
 */
export const cemifaceGrid = (
  options: GridOptions,
  data: Pick<ImageSet, 'labels' | 'classes'>,
  identities: Pick<IdentityTable, 'at'>,
  grid: Float32Array,
): SampleGrid => {
  const people = firstImages(data, options.identities);
  const columns = Math.min(options.images, grid.length);
  const m = (column: number): number =>
    grid[Math.round((column * (grid.length - 1)) / Math.max(1, columns - 1))] as number;
  return {
    ...{ options, columns, rows: people.length },
    noiseOf: () => 0,
    conditionsBy: () => (row, column) => ({ identity: identities.at(people[row] as number), m: [m(column)] }),
  };
};
