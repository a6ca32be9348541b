import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { markSource } from '../formats/generated-mark.ts';
import { imageCounts, shownIn } from './codecs/dataset.ts';
import { Fields } from './fields.ts';
import { type Packed, shardsOf, unpackShard } from './shards.ts';

/** A set of images, ready to be written in another format. */
export interface ExportedSet {
  /** In pixels. */
  readonly height: number;
  readonly width: number;
  /** Files as they lie in the store, shard by shard; generated and drawn images say in their metadata that they are. */
  samples(): AsyncGenerator<Packed>;
}

/**
 * Opens a dataset, or anything else that holds `shards/…`, for an export. Memory holds one shard.
 *
 * @throws CemiflowError `NoImages`
 */
export const openSet = async (store: ArtifactStore, ref: ArtifactRef): Promise<ExportedSet> => {
  const { files, meta } = await store.getArtifact(ref);
  const shards = shardsOf(files);
  if (shards.length === 0)
    throw new CemiflowError('NoImages', `${ref.type} ${ref.digest} is no set of images`, {
      remedy: '"cemiflow get" fetches the files of any artifact',
      data: { digest: ref.digest, type: ref.type },
    });
  const fields = new Fields(meta, { ...ref, path: 'meta' });
  const { height, width } = imageCounts(fields);
  const shown = shownIn(fields);
  return {
    height,
    width,
    async *samples() {
      for (const { digest, path } of shards)
        for (const sample of unpackShard(await store.getBlob(digest), path))
          yield shown === 'real' ? sample : { ...sample, bytes: await markSource(sample.bytes, shown) };
    },
  };
};
