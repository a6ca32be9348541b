import type { ArtifactReader } from '../../artifacts/codec.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';

/** What a privacy evaluation must know of its inputs beside the images. */
export interface Facts {
  /** Whether the gallery is the inquiries: synthetic identity k was made from inquiry k. */
  readonly fromInquiries: boolean;
  /** Absent where it is not known what the recognizer was trained on. */
  readonly trainedOnGallery?: boolean;
}

/** Follows from the inputs alone, so that the audit finds the same. @throws CemiflowError `ArtifactInvalid` */
export const factsOf = async (
  store: ArtifactReader,
  { real, recognizer }: { readonly real: ArtifactRef; readonly recognizer: ArtifactRef },
): Promise<Facts> => {
  const trainingSet = await trainingSetOf(store, recognizer);
  return {
    fromInquiries: real.type === 'inquiries',
    ...(trainingSet !== undefined && { trainedOnGallery: trainingSet === real.digest }),
  };
};

/** Digest of the set that a recognizer was trained on; undefined where its weights do not say. */
export const trainingSetOf = async (store: ArtifactReader, recognizer: ArtifactRef): Promise<Digest | undefined> =>
  recognizerOf(await weightsCodec.read(store, recognizer)).data;
