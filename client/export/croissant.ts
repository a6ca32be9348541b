import { imageSetOf, shardName } from '../../provenance/export/croissant.ts';
import { setTexts } from '../../provenance/export/sets.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { lineageOf } from '../lineage.ts';
import { writeFolder } from './folder.ts';

/** Writes a set of images with its Croissant description and, of a generated one, its card. @param id the node that made it */
export const exportCroissant = async (
  store: Store,
  document: RunDocument,
  id: string,
  target: string,
): Promise<void> => {
  const lineage = await lineageOf(store, document);
  const { shards } = await imageSetOf(lineage, id, store);
  const texts = await setTexts(lineage, id, store);
  await writeFolder(target, async (put) => {
    for (const { path, text } of texts) await put(path, text);
    for (const shard of shards) await put(shardName(shard), await store.getBlob(shard.digest));
  });
};
