import { type Artifact, type ArtifactReader, defineCodec, readFileOf } from '../codec.ts';
import {
  decodeImageScores,
  decodeNearest,
  decodePairScores,
  imagesFile,
  nearestFile,
  type StoredImages,
  type StoredNearest,
  type StoredPairs,
} from '../scores.ts';

/** What was scored: the pairs of verification sets, images, or identities by their nearest real one. */
export type ScoresMeta =
  | { readonly of: 'pairs'; readonly sets: readonly string[] }
  | { readonly of: 'images'; readonly images: number }
  | {
      readonly of: 'nearest';
      readonly identities: number;
      readonly images: number;
      readonly realIdentities: number;
    };

/** `meta` as it is written: what was scored follows from the fields. */
export type ScoresWritten =
  | { readonly sets: readonly string[] }
  | { readonly images: number }
  | { readonly identities: number; readonly images: number; readonly realIdentities: number };

export const scoresCodec = defineCodec<ScoresMeta, ScoresWritten>({
  type: 'scores',
  versions: [
    (fields) => {
      if (fields.has('sets')) return { of: 'pairs', sets: fields.strings('sets') };
      const images = fields.integer('images');
      if (!fields.has('realIdentities')) return { of: 'images', images };
      const [identities, realIdentities] = [fields.integer('identities'), fields.integer('realIdentities')];
      return { of: 'nearest', images, identities, realIdentities };
    },
  ],
});

/** File of similarities of images, where nothing else was scored. */
export const similarityFile = 'similarity.safetensors';
export const pairScoresPath = (set: string): string => `${set}.safetensors`;

/** @throws CemiflowError `ArtifactInvalid` */
export const readPairScores = (
  store: ArtifactReader,
  artifact: Artifact<ScoresMeta>,
  set: string,
): Promise<StoredPairs> => readFileOf(store, artifact, pairScoresPath(set), decodePairScores);

/** @throws CemiflowError `ArtifactInvalid` */
export const readImageScores = (store: ArtifactReader, artifact: Artifact<ScoresMeta>): Promise<StoredImages> =>
  readFileOf(store, artifact, similarityFile, decodeImageScores);

/** Identities and images by their nearest real identity. @throws CemiflowError `ArtifactInvalid` */
export const readNearest = async (
  store: ArtifactReader,
  artifact: Artifact<ScoresMeta>,
): Promise<{ readonly identities: StoredNearest; readonly images: StoredImages }> => ({
  identities: await readFileOf(store, artifact, nearestFile, decodeNearest),
  images: await readFileOf(store, artifact, imagesFile, decodeImageScores),
});
