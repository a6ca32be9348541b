import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { encodePng } from '../formats/png.ts';
import { readSamples } from './shards.ts';

/**
 * Writes a dataset (or anything else that holds `shards/…`) as a folder of PNGs for each identity, which `data/folder`
 * takes in again with the same pixels.
 *
 * @param put writes a file: `000001/0002.png`
 * @throws CemiflowError `NoImages`
 */
export const exportFolder = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  put: (path: string, bytes: Uint8Array) => Promise<void>,
): Promise<{ identities: number; images: number }> => {
  const identities = new Set<number>();
  let images = 0;
  for await (const { identity, image, pixels, height, width } of readSamples(store, ref)) {
    identities.add(identity);
    const path = `${`${identity}`.padStart(6, '0')}/${`${image}`.padStart(4, '0')}.png`;
    await put(path, await encodePng(pixels, height, width));
    images++;
  }
  if (images > 0) return { identities: identities.size, images };
  throw new CemiflowError('NoImages', `${ref.type} ${ref.digest} is no set of images`, {
    remedy: '"cemiflow get" fetches the files of any artifact',
    data: { digest: ref.digest, type: ref.type },
  });
};
