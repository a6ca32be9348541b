import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { markSource, type sourceTypes } from '../formats/generated-mark.ts';
import { decodeTar, encodeTarEntry, tarEnd } from '../formats/tar.ts';
import { type DatasetMeta, imageCounts, shownIn } from './codecs/dataset.ts';
import { Fields } from './fields.ts';
import { imageNumberOf, type Packed, shardsOf, unpackShard } from './shards.ts';
import { hasSoftLabels } from './soft-labels.ts';

/** A set of images, ready to be written in another format. */
export interface ExportedSet {
  /** In pixels. */
  readonly height: number;
  readonly width: number;
  /** Whether its images are mixtures of two identities, of whom the samples name the first alone. */
  readonly mixtures: boolean;
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
  const generatedImages = fields.optional('generatedImages', (each) => each.integer('generatedImages'));
  const marks = { peopleShown: shownIn(fields), ...(generatedImages !== undefined && { generatedImages }) };
  return {
    height,
    width,
    mixtures: hasSoftLabels({ files }),
    samples: () => exportedSamples(store, shards, marks),
  };
};

type Marks = Pick<DatasetMeta, 'peopleShown' | 'generatedImages'>;

/** The samples of shards as they are exported, in order. Memory holds one shard, unless the caller keeps the samples. */
export async function* exportedSamples(
  store: ArtifactStore,
  shards: readonly FileEntry[],
  marks: Marks,
): AsyncGenerator<Packed> {
  for (const { digest, path } of shards)
    for (const sample of unpackShard(await store.getBlob(digest), path))
      yield { ...sample, bytes: await marked(sample.bytes, sample.image, marks) };
}

/** Whether exported files of a set say how its images came to be. */
export const isMarked = ({ peopleShown }: Marks): boolean => peopleShown !== 'real';

/** A shard as it is exported: the same files, but generated and drawn images say in their metadata that they are. */
export const exportedShard = async (shard: Uint8Array, marks: Marks): Promise<Uint8Array> => {
  if (!isMarked(marks)) return shard;
  const entries: Buffer[] = [];
  for (const { path, bytes } of decodeTar(shard)) {
    const image = imageNumberOf(path);
    entries.push(encodeTarEntry({ path, bytes: image === undefined ? bytes : await marked(bytes, image, marks) }));
  }
  return Buffer.concat([...entries, tarEnd]);
};

/** Copies of the inquiry image, which follow the generated images of an identity, may be photos: they stay as they are. */
const marked = async (bytes: Uint8Array, image: number, marks: Marks): Promise<Uint8Array> => {
  const source: keyof typeof sourceTypes | 'real' = marks.peopleShown;
  return source === 'real' || image >= (marks.generatedImages ?? Number.POSITIVE_INFINITY)
    ? bytes
    : markSource(bytes, source);
};
