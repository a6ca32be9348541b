import { type Artifact, readFileOf } from '../artifacts/codec.ts';
import type { DatasetMeta } from '../artifacts/codecs/dataset.ts';
import { type Packed, shardsOf, unpackShard } from '../artifacts/shards.ts';
import type { StageContext } from '../core/stage.ts';

/** The samples of a set, of one shard at a time, for a stage that does not look into images. @param phase for its progress */
export async function* samplesOf(
  { ref, files }: Artifact<DatasetMeta>,
  { store, progress }: StageContext,
  phase: string,
): AsyncGenerator<Packed> {
  const shards = shardsOf(files);
  for (const [i, { path }] of shards.entries()) {
    yield* await readFileOf(store, { ref, files }, path, (bytes) => unpackShard(bytes, path));
    await progress({ phase, step: i + 1, steps: shards.length });
  }
}
