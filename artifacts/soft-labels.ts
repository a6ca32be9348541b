import type { FileEntry } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { decodeSafetensors, encodeSafetensors, type SafeArray, type SafeDtype } from '../formats/safetensors.ts';
import { type Artifact, type ArtifactReader, readFileOf } from './codec.ts';
import type { DatasetMeta } from './codecs/dataset.ts';

/** Whom each image of a set shows, where it is a mixture of two identities. Samples are in shard order. */
export interface SoftLabels {
  /** int32 [N], the other identity, as the dataset numbers them */
  readonly second: Int32Array;
  /** float32 [N] in [0, 1], share of the sample's own identity; 1 - ratio is that of `second` */
  readonly ratio: Float32Array;
}

/** File of a dataset whose images are mixtures. A set without it has one identity for each image. */
export const softLabelsFile = 'soft-labels.safetensors';

/** Stores the labels, for the manifest of their dataset. @throws CemiflowError `SoftLabelsInvalid` */
export const writeSoftLabels = async (
  store: Pick<ArtifactStore, 'putFile'>,
  { second, ratio }: SoftLabels,
): Promise<FileEntry> => {
  checkLabels({ second, ratio });
  const tensors = {
    second: { dtype: 'I32', shape: [second.length], data: second },
    ratio: { dtype: 'F32', shape: [ratio.length], data: ratio },
  } as const;
  return store.putFile(softLabelsFile, encodeSafetensors(tensors), 'application/octet-stream');
};

/**
 * The labels of a set; undefined where each of its images shows one identity alone. Whether `second` is in the set is not looked up:
 * that takes the set's own labels.
 *
 * @throws CemiflowError `ArtifactInvalid` where there are not as many as images, or a value is out of range
 */
export const readSoftLabels = async (
  store: Pick<ArtifactReader, 'getBlob'>,
  artifact: Artifact<DatasetMeta>,
): Promise<SoftLabels | undefined> => {
  if (!hasSoftLabels(artifact)) return undefined;
  return readFileOf(store, artifact, softLabelsFile, (bytes) => {
    const tensors = decodeSafetensors(bytes);
    const read = <T extends SafeArray>(name: keyof SoftLabels, dtype: SafeDtype): T => {
      const tensor = tensors[name];
      const wanted = [artifact.meta.images];
      if (tensor?.dtype === dtype && `${tensor.shape}` === `${wanted}`) return tensor.data as T;
      const found = tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing';
      throw invalid(`${name} must be ${dtype} [${wanted}], got ${found}`);
    };
    const labels = { second: read<Int32Array>('second', 'I32'), ratio: read<Float32Array>('ratio', 'F32') };
    checkLabels(labels);
    return labels;
  });
};

/** Whether the images of a set are mixtures. */
export const hasSoftLabels = ({ files }: Pick<Artifact<unknown>, 'files'>): boolean =>
  files.some(({ path }) => path === softLabelsFile);

const checkLabels = ({ second, ratio }: SoftLabels): void => {
  if (second.length !== ratio.length)
    throw invalid(`second and ratio must be as long as each other, got ${second.length} and ${ratio.length}`);
  const place = second.findIndex((identity, i) => !isLabel(identity, ratio[i] as number));
  if (place === -1) return;
  const found = `${second[place]} and ${ratio[place]}`;
  throw invalid(`second and ratio must be an identity from 0 on and a share from 0 to 1, got ${found} at ${place}`);
};

/** A NaN is in no range. */
const isLabel = (identity: number, share: number): boolean => identity >= 0 && share >= 0 && share <= 1;

const invalid = (message: string): CemiflowError =>
  new CemiflowError('SoftLabelsInvalid', message, { remedy: 'make the dataset again' });
