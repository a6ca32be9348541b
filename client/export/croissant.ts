import { exportedShard, isMarked } from '../../artifacts/export-set.ts';
import type { FileEntry } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import { imageSetOf, shardName } from '../../provenance/export/croissant.ts';
import { setTexts } from '../../provenance/export/sets.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { lineageOf } from '../lineage.ts';
import { writeFolder } from './folder.ts';

/**
 * Writes a set of images with its Croissant description and its card. Generated and drawn images say in their files that they are,
 * so that shards of such sets are not those of the store. Memory holds one shard.
 *
 * @param id the node that made it
 */
export const exportCroissant = async (
  store: Store,
  document: RunDocument,
  id: string,
  target: string,
): Promise<void> => {
  const lineage = await lineageOf(store, document);
  const { shards, meta } = await imageSetOf(lineage, id, store);
  await writeFolder(target, async (put) => {
    const written: FileEntry[] = [];
    for (const shard of shards) {
      const bytes = await exportedShard(await store.getBlob(shard.digest), meta);
      const file = { ...shard, digest: digestOf(bytes), bytes: bytes.length };
      await put(shardName(file), bytes);
      written.push(file);
    }
    const texts = await setTexts(lineage, id, store, isMarked(meta) ? { marked: written } : {});
    for (const { path, text } of texts) await put(path, text);
  });
};
