import type { SampleSource } from '../../training/diffusion/method.ts';
import type { IdentityTable } from '../../training/identity-table.ts';

/**
 * CemiFace's samples: one image, mirrored with probability one half and its identity embedding with it, and an m from the
 * grid.
 */
export const cemifaceSamples = (
  identities: Pick<IdentityTable, 'size' | 'at'>,
  grid: Float32Array,
  flip: boolean,
): SampleSource => ({
  images: ['images'],
  conditions: { identity: [identities.size], m: [] },
  draw: (row, uniform) => {
    // Drawn also where nothing is mirrored, so that `flip` changes no other draw.
    const mirrored = uniform() < 0.5 && flip;
    const m = grid[Math.floor(uniform() * grid.length)] as number;
    return { images: [{ row, mirrored }], conditions: { identity: identities.at(row, mirrored), m: [m] } };
  },
});
