import { type DatasetWritten, datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { joinShards } from '../../artifacts/shards.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactManifest, ArtifactRef } from '../../core/artifact.ts';
import type { ArtifactStore } from '../../core/stage.ts';

/** One dataset of all shards of a generated set. Their blobs stay as they are. @param shards outputs with a dataset `data` each */
export const joinDatasets = async (shards: readonly Outputs[], store: ArtifactStore): Promise<ArtifactRef> => {
  const manifests = await Promise.all(shards.map((shard) => store.getArtifact(shard.data as ArtifactRef)));
  const sum = (name: string): number => manifests.reduce((total, { meta }) => total + (meta[name] as number), 0);
  const [first] = manifests as [ArtifactManifest];
  const { peopleShown } = datasetCodec.parse(first);
  const meta = { ...first.meta, peopleShown, identities: sum('identities'), images: sum('images') } as DatasetWritten;
  const files = joinShards(manifests.map((manifest) => manifest.files));
  return datasetCodec.write(store, meta, files);
};
