import { CemiflowError } from '../core/errors.ts';
import { decodeSafetensors, encodeSafetensors, type SafeArray, type SafeDtype } from '../formats/safetensors.ts';
import { checkFinite } from './finite.ts';

/** Pairs of one verification set as they were scored: one file of an artifact of type `scores`. */
export interface StoredPairs {
  /** float32 [P], squared Euclidean distance of the unit embeddings, 0 … 4 */
  readonly distance: Float32Array;
  /** uint8 [P], 1 where both images show one identity */
  readonly same: Uint8Array;
  /** int32 [P] */
  readonly fold: Int32Array;
}

/** Images as they were scored: a file of an artifact of type `scores`. */
export interface StoredImages {
  /** float32 [N] in [-1, 1] */
  readonly similarity: Float32Array;
  /** int32 [N] */
  readonly identity: Int32Array;
  /** int32 [N], number of the image inside its identity */
  readonly image: Int32Array;
}

/** Identities, each with the real one that is nearest: a file of an artifact of type `scores`. */
export interface StoredNearest {
  /** int32 [S], ascending */
  readonly identity: Int32Array;
  /** int32 [S], the real identity whose center is nearest */
  readonly nearest: Int32Array;
  /** float32 [S] in [-1, 1], cosine of the two centers */
  readonly similarity: Float32Array;
}

/** Probes as they were searched for in a gallery: a file of an artifact of type `scores`. */
export interface StoredRanks {
  /** int32 [P], 1 … people in the gallery: how many of these are at least as similar as the probe's own person, who counts too */
  readonly rank: Int32Array;
  /** float32 [P] in [-1, 1], cosine to the probe's own person */
  readonly similarity: Float32Array;
  /** int32 [P] */
  readonly identity: Int32Array;
  /** int32 [P], number of the image inside its identity */
  readonly image: Int32Array;
}

const pairs = { distance: 'F32', same: 'U8', fold: 'I32' } as const;
const images = { similarity: 'F32', identity: 'I32', image: 'I32' } as const;
const ranks = { rank: 'I32', similarity: 'F32', identity: 'I32', image: 'I32' } as const;
const nearest = { identity: 'I32', nearest: 'I32', similarity: 'F32' } as const;

/** Files of scores that look for the nearest real identity: of those that are judged, and of the strangers beside them. */
export const nearestFiles = {
  generated: { identities: 'identities.safetensors', images: 'images.safetensors' },
  strangers: { identities: 'strangers.safetensors', images: 'stranger-images.safetensors' },
} as const;

/** @throws CemiflowError `NotFinite` */
export const encodePairScores = (scores: StoredPairs): Buffer => encode(scores, pairs);
/** @throws CemiflowError `NotFinite` */
export const encodeImageScores = (scores: StoredImages): Buffer => encode(scores, images);
/** @throws CemiflowError `NotFinite` */
export const encodeNearest = (scores: StoredNearest): Buffer => encode(scores, nearest);
/** @throws CemiflowError `NotFinite` */
export const encodeRanks = (scores: StoredRanks): Buffer => encode(scores, ranks);

/** @throws CemiflowError `ScoresInvalid`, `SafetensorsInvalid` */
export const decodePairScores = (bytes: Buffer): StoredPairs => decode<StoredPairs>(bytes, pairs);
/** @throws CemiflowError `ScoresInvalid`, `SafetensorsInvalid` */
export const decodeImageScores = (bytes: Buffer): StoredImages => decode<StoredImages>(bytes, images);
/** @throws CemiflowError `ScoresInvalid`, `SafetensorsInvalid` */
export const decodeNearest = (bytes: Buffer): StoredNearest => decode<StoredNearest>(bytes, nearest);
/** @throws CemiflowError `ScoresInvalid`, `SafetensorsInvalid` */
export const decodeRanks = (bytes: Buffer): StoredRanks => decode<StoredRanks>(bytes, ranks);

type Layout = { readonly [name: string]: SafeDtype };

const encode = (arrays: object, layout: Layout): Buffer =>
  encodeSafetensors(
    Object.fromEntries(
      Object.entries(layout).map(([name, dtype]) => {
        const data = arrays[name as keyof typeof arrays] as SafeArray;
        checkFinite(name, data);
        return [name, { dtype, shape: [data.length], data }];
      }),
    ),
  );

const decode = <T>(bytes: Buffer, layout: Layout): T => {
  const tensors = decodeSafetensors(bytes);
  const arrays = Object.entries(layout).map(([name, dtype]) => {
    const tensor = tensors[name];
    if (tensor?.dtype === dtype) return [name, tensor.data] as const;
    throw invalid(`scores must hold ${name} as ${dtype}, got ${tensor?.dtype ?? 'nothing'}`);
  });
  const lengths = new Set(arrays.map(([, data]) => data.length));
  if (lengths.size > 1 || lengths.has(0)) throw invalid('the arrays of scores must be of one length, at least 1');
  return Object.fromEntries(arrays) as T;
};

const invalid = (message: string): CemiflowError =>
  new CemiflowError('ScoresInvalid', message, { remedy: 'evaluate again: cemiflow run with the same spec' });
