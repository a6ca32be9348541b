import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { readSamples } from '../dataset.ts';
import { encodePng } from '../formats/png.ts';

/**
 * Writes a dataset (or anything else that holds `shards/…`) as a folder of PNGs for each identity, which `data/folder`
 * takes in again with the same pixels.
 *
 * @param path a folder that is empty or does not exist yet
 * @throws CemiflowError `ExportExists`
 */
export const exportFolder = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  path: string,
): Promise<{ identities: number; images: number }> => {
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0) {
    throw new CemiflowError('ExportExists', `${path} is not empty`, {
      remedy: 'name a folder that does not exist yet, or empty it',
      data: { path },
    });
  }
  const identities = new Set<number>();
  let images = 0;
  for await (const { identity, image, pixels, height, width } of readSamples(store, ref)) {
    const folder = join(path, `${identity}`.padStart(6, '0'));
    if (!identities.has(identity)) await mkdir(folder, { recursive: true });
    identities.add(identity);
    await writeFile(join(folder, `${image}`.padStart(4, '0').concat('.png')), await encodePng(pixels, height, width));
    images++;
  }
  return { identities: identities.size, images };
};
