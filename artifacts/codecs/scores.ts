import type { FileEntry } from '../../core/artifact.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { type Artifact, type ArtifactReader, defineCodec, readFileOf } from '../codec.ts';
import {
  decodeImageScores,
  decodeNearest,
  decodePairScores,
  decodeRanks,
  encodeImageScores,
  encodeNearest,
  nearestFiles,
  type StoredImages,
  type StoredNearest,
  type StoredPairs,
  type StoredRanks,
} from '../scores.ts';

/**
 * What was scored: the pairs of verification sets, images, probes of an identification, identities by their nearest real one, the
 * sets of an inspection, two sets as clouds of embeddings, or the points of a map.
 */
export type ScoresMeta =
  | { readonly of: 'pairs'; readonly sets: readonly string[] }
  | { readonly of: 'images'; readonly images: number }
  | { readonly of: 'templates'; readonly templates: readonly string[] }
  | {
      readonly of: 'ranks';
      /** Searches. */
      readonly probes: number;
      /** People in the gallery. */
      readonly gallery: number;
      /** Images of each of them that were enrolled; 0: all of the gallery's set. */
      readonly galleryImages: number;
      /** Probes that were left out because the person they show is not in the gallery. */
      readonly withoutMate: number;
    }
  | {
      readonly of: 'inspection';
      /** The inspected set and those that it was compared with. */
      readonly inspected: number;
    }
  | {
      readonly of: 'embeddings';
      /** Images of the judged set and of the reference that were embedded. */
      readonly embedded: number;
      readonly referenceEmbedded: number;
      /** Length of an embedding. */
      readonly dimensions: number;
    }
  | {
      readonly of: 'points';
      /** Sets, and inquiries beside them, whose embeddings were mapped. */
      readonly mappedSets: number;
      readonly mappedInquiries: number;
    }
  | {
      readonly of: 'nearest';
      readonly identities: number;
      readonly images: number;
      /** People in the gallery. */
      readonly realIdentities: number;
      readonly strangers: number;
      readonly strangerImages: number;
      /** Of each identity and of each stranger. */
      readonly imagesPerIdentity: number;
    };

/** `meta` as it is written: what was scored follows from the fields. */
export type ScoresWritten =
  | { readonly sets: readonly string[] }
  | { readonly templates: readonly string[] }
  | { readonly images: number }
  | Omit<Extract<ScoresMeta, { of: 'ranks' }>, 'of'>
  | { readonly inspected: number }
  | Omit<Extract<ScoresMeta, { of: 'embeddings' }>, 'of'>
  | Omit<Extract<ScoresMeta, { of: 'points' }>, 'of'>
  | Omit<Extract<ScoresMeta, { of: 'nearest' }>, 'of'>;

export const scoresCodec = defineCodec<ScoresMeta, ScoresWritten>({
  type: 'scores',
  versions: [
    (fields) => {
      if (fields.has('sets')) return { of: 'pairs', sets: fields.strings('sets') };
      if (fields.has('templates')) return { of: 'templates', templates: fields.strings('templates') };
      if (fields.has('gallery'))
        return {
          of: 'ranks',
          probes: fields.integer('probes'),
          gallery: fields.integer('gallery', { from: 1 }),
          galleryImages: fields.integer('galleryImages'),
          withoutMate: fields.integer('withoutMate'),
        };
      if (fields.has('inspected')) return { of: 'inspection', inspected: fields.integer('inspected', { from: 1 }) };
      if (fields.has('embedded'))
        return {
          of: 'embeddings',
          embedded: fields.integer('embedded', { from: 2 }),
          referenceEmbedded: fields.integer('referenceEmbedded', { from: 2 }),
          dimensions: fields.integer('dimensions', { from: 1 }),
        };
      if (fields.has('mappedSets'))
        return {
          of: 'points',
          mappedSets: fields.integer('mappedSets', { from: 1 }),
          mappedInquiries: fields.integer('mappedInquiries'),
        };
      const images = fields.integer('images');
      if (!fields.has('realIdentities')) return { of: 'images', images };
      return {
        of: 'nearest',
        images,
        identities: fields.integer('identities'),
        realIdentities: fields.integer('realIdentities'),
        strangers: fields.integer('strangers'),
        strangerImages: fields.integer('strangerImages'),
        imagesPerIdentity: fields.integer('imagesPerIdentity'),
      };
    },
  ],
});

/** File of similarities of images, where nothing else was scored. */
export const similarityFile = 'similarity.safetensors';
/** File of the ranks of probes. */
export const ranksFile = 'ranks.safetensors';
export const pairScoresPath = (set: string): string => `${set}.safetensors`;

/** @throws CemiflowError `ArtifactInvalid` */
export const readPairScores = (
  store: ArtifactReader,
  artifact: Artifact<ScoresMeta>,
  set: string,
): Promise<StoredPairs> => readFileOf(store, artifact, pairScoresPath(set), decodePairScores);

/** @throws CemiflowError `ArtifactInvalid` */
export const readRanks = (store: ArtifactReader, artifact: Artifact<ScoresMeta>): Promise<StoredRanks> =>
  readFileOf(store, artifact, ranksFile, decodeRanks);

/** @throws CemiflowError `ArtifactInvalid` */
export const readImageScores = (store: ArtifactReader, artifact: Artifact<ScoresMeta>): Promise<StoredImages> =>
  readFileOf(store, artifact, similarityFile, decodeImageScores);

/** Who was searched. */
type Searched = keyof typeof nearestFiles;

/** Identities and images by their nearest real identity. @throws CemiflowError `ArtifactInvalid` */
export const readNearest = async (
  store: ArtifactReader,
  artifact: Artifact<ScoresMeta>,
  of: Searched,
): Promise<{ readonly identities: StoredNearest; readonly images: StoredImages }> => ({
  identities: await readFileOf(store, artifact, nearestFiles[of].identities, decodeNearest),
  images: await readFileOf(store, artifact, nearestFiles[of].images, decodeImageScores),
});

/** Stores what was found for one of them. @throws CemiflowError `NotFinite` */
export const putNearest = async (
  store: ArtifactStore,
  of: Searched,
  { identities, images }: { readonly identities: StoredNearest; readonly images: StoredImages },
): Promise<FileEntry[]> => [
  await store.putFile(nearestFiles[of].identities, encodeNearest(identities), 'application/octet-stream'),
  await store.putFile(nearestFiles[of].images, encodeImageScores(images), 'application/octet-stream'),
];
