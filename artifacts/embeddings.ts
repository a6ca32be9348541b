import type { FileEntry } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { Opened } from './codec.ts';
import { getTensors, putTensors } from './tensors.ts';

/** Images of a set as a recognizer embeds them: `STEM.safetensors` of an artifact of type `scores`. */
export interface StoredEmbeddings {
  /** float32 [N, D] */
  readonly embeddings: Float32Array;
  /** D */
  readonly size: number;
  /** int32 [N] */
  readonly identity: Int32Array;
  /** int32 [N], number of the image inside its identity */
  readonly image: Int32Array;
}

/** @throws CemiflowError `NotFinite` */
export const putEmbeddings = (
  store: Pick<ArtifactStore, 'putFile'>,
  stem: string,
  { embeddings, size, identity, image }: StoredEmbeddings,
): Promise<FileEntry[]> => {
  const { length } = identity;
  return putTensors(store, stem, {
    embeddings: { dtype: 'F32', shape: [length, size], data: embeddings },
    identity: { dtype: 'I32', shape: [length], data: identity },
    image: { dtype: 'I32', shape: [length], data: image },
  });
};

/** @throws CemiflowError `TensorsMissing`, `ScoresInvalid`, `SafetensorsInvalid` */
export const readEmbeddings = async (
  store: Pick<ArtifactStore, 'getBlob'>,
  artifact: Opened,
  stem: string,
): Promise<StoredEmbeddings> => {
  const { embeddings, identity, image } = await getTensors(store, artifact, stem);
  const [count = 0, size = 0] = embeddings?.shape ?? [];
  if (
    embeddings?.data instanceof Float32Array &&
    identity?.data instanceof Int32Array &&
    image?.data instanceof Int32Array &&
    embeddings.shape.length === 2 &&
    identity.data.length === count &&
    image.data.length === count
  )
    return { embeddings: embeddings.data, size, identity: identity.data, image: image.data };
  throw new CemiflowError('ScoresInvalid', `${stem} must hold embeddings F32 [N, D], identity and image I32 [N]`, {
    remedy: 'evaluate again: cemiflow run with the same spec',
  });
};
