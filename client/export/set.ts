import { openSet } from '../../artifacts/export-set.ts';
import { type SetFormat, writeSet } from '../../artifacts/set-formats.ts';
import type { Packed } from '../../artifacts/shards.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { writeFolder } from './folder.ts';

export { type SetFormat, setFormats } from '../../artifacts/set-formats.ts';

/** What was written. */
export interface WrittenSet {
  readonly identities: number;
  readonly images: number;
  /** Images are mixtures of two identities, and the files name the first alone: none of the formats holds soft labels. */
  readonly mixtures?: true;
}

/**
 * Writes a dataset in a format that other tools read. Memory holds a shard, or a row group.
 *
 * @param target a folder that is empty or does not exist yet
 * @throws CemiflowError `NoImages`, `ExportExists`
 */
export const exportSet = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  format: SetFormat,
  target: string,
): Promise<WrittenSet> => {
  const set = await openSet(store, ref);
  const identities = new Set<number>();
  let images = 0;
  async function* counted(): AsyncGenerator<Packed> {
    for await (const sample of set.samples()) {
      identities.add(sample.identity);
      images++;
      yield sample;
    }
  }
  await writeFolder(target, (put, folder) => writeSet(format, counted(), set, folder, put));
  return { identities: identities.size, images, ...(set.mixtures && { mixtures: true }) };
};
