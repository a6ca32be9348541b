import type { SampleSource } from '../../training/diffusion/method.ts';
import type { IdentityTable } from '../../training/identity-table.ts';
import { contextMask } from './condition.ts';

/**
 * IDiff-Face's samples: one image, mirrored with probability one half, and its identity embedding. The published data hold one
 * embedding of each image, so that a mirrored image comes with that of the image itself.
 *
 * @param dropout rate of contextual partial dropout
 */
export const idiffFaceSamples = (
  identities: Pick<IdentityTable, 'size' | 'at'>,
  {
    conditionSize,
    dropout,
    flip,
  }: { readonly conditionSize: number; readonly dropout: number; readonly flip: boolean },
): SampleSource => ({
  images: ['images'],
  conditions: { identity: [identities.size], contextMask: [conditionSize] },
  draw: (row, uniform) => {
    // Drawn also where nothing is mirrored, so that `flip` changes no other draw.
    const mirrored = uniform() < 0.5 && flip;
    const mask = contextMask(conditionSize, dropout, uniform);
    return { images: [{ row, mirrored }], conditions: { identity: identities.at(row), contextMask: mask } };
  },
});
