import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import type { SafeArray, SafeDtype } from '../../formats/safetensors.ts';
import { type Artifact, type ArtifactReader, defineCodec, readable } from '../codec.ts';
import { getTensors, putTensors } from '../tensors.ts';

/** What is known of identity centers. */
export interface CentersMeta {
  /** What a center is: the classifier's row for the identity, or the mean of its embeddings. */
  readonly source: 'classifier' | 'mean';
  readonly identities: number;
  readonly images: number;
  readonly embeddingSize: number;
  /** Mean cosine of the images to their centers. */
  readonly similarity: number;
  /** Images of all identities in equal groups, from most to least similar (CemiFace table 1). */
  readonly groups: readonly {
    readonly images: number;
    readonly mean: number;
    readonly lowest: number;
    readonly highest: number;
    /** Means over identities of their own lowest and highest; absent in artifacts of older versions. */
    readonly meanLowest?: number;
    readonly meanHighest?: number;
  }[];
  /** Digest of the dataset whose images they are; absent in artifacts of older versions, as is the next. */
  readonly data?: Digest;
  /** Digest of the recognizer that embedded them. */
  readonly recognizer?: Digest;
}

export type CentersWritten = CentersMeta & { readonly data: Digest; readonly recognizer: Digest };

export interface CenterRows {
  /** float32 [C, D], unit rows */
  readonly centers: Float32Array;
  /** float32 [N], each image's cosine to its center */
  readonly similarity: Float32Array;
  /** int32 [N], 0 for the images that are most similar */
  readonly group: Int32Array;
  /** int32 [N], which center */
  readonly labels: Int32Array;
}

export const centersCodec = defineCodec<CentersMeta, CentersWritten>({
  type: 'centers',
  versions: [
    (fields) => ({
      source: fields.oneOf('source', ['classifier', 'mean']),
      identities: fields.integer('identities', { from: 1 }),
      images: fields.integer('images', { from: 1 }),
      embeddingSize: fields.integer('embeddingSize', { from: 1 }),
      similarity: fields.number('similarity'),
      groups: fields.list('groups', (each) => ({
        images: each.integer('images'),
        mean: each.number('mean'),
        lowest: each.number('lowest'),
        highest: each.number('highest'),
        ...each.optional('meanLowest', (own) => ({ meanLowest: own.number('meanLowest') })),
        ...each.optional('meanHighest', (own) => ({ meanHighest: own.number('meanHighest') })),
      })),
      ...fields.optional('data', (each) => ({ data: each.digest('data') })),
      ...fields.optional('recognizer', (each) => ({ recognizer: each.digest('recognizer') })),
    }),
  ],
});

/** @throws CemiflowError `NotFinite` */
export const writeCenters = async (
  store: ArtifactStore,
  rows: CenterRows,
  meta: CentersWritten,
): Promise<ArtifactRef> => {
  const tensors = Object.entries(layoutOf(meta)).map(([name, { dtype, shape }]) => {
    const data = rows[name as keyof CenterRows];
    return [name, { dtype, shape, data }] as const;
  });
  return centersCodec.write(store, meta, await putTensors(store, stem, Object.fromEntries(tensors)));
};

/** @throws CemiflowError `ArtifactInvalid` */
export const readCenters = (store: ArtifactReader, artifact: Artifact<CentersMeta>): Promise<CenterRows> =>
  readable(artifact, `${stem}.safetensors`, async () => {
    const tensors = await getTensors(store, artifact, stem);
    const layout = layoutOf(artifact.meta);
    const read = <T extends SafeArray>(name: keyof CenterRows): T => {
      const { dtype, shape } = layout[name];
      const tensor = tensors[name];
      if (tensor?.dtype === dtype && `${tensor.shape}` === `${shape}`) return tensor.data as T;
      const found = tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing';
      throw new CemiflowError('CentersInvalid', `${name} must be ${dtype} [${shape}], got ${found}`, {
        remedy: 'compute the centers again',
      });
    };
    return { centers: read('centers'), similarity: read('similarity'), group: read('group'), labels: read('labels') };
  });

const stem = 'centers';

type Layout = { readonly [name in keyof CenterRows]: { readonly dtype: SafeDtype; readonly shape: readonly number[] } };

const layoutOf = ({ identities, images, embeddingSize }: CentersMeta): Layout => ({
  centers: { dtype: 'F32', shape: [identities, embeddingSize] },
  similarity: { dtype: 'F32', shape: [images] },
  group: { dtype: 'I32', shape: [images] },
  labels: { dtype: 'I32', shape: [images] },
});
