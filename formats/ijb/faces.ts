import type { RandomAccess } from '../source.ts';
import { decimalNumber, imageName, readRows, wholeNumber } from './fields.ts';

/** Faces with the template and the media (photo or video) that each belongs to. */
export interface FaceList {
  /** Files of the crops, in the order of the list. */
  readonly names: readonly string[];
  /** int32 [N] */
  readonly template: Int32Array;
  /** int32 [N] */
  readonly media: Int32Array;
}

/** Faces with their landmarks. */
export interface FacePoints {
  readonly names: readonly string[];
  /** float32 [N, 10], x and y of eyes, nose and corners of the mouth, in pixels of the crop */
  readonly points: Float32Array;
  /** float32 [N], of the detector */
  readonly score: Float32Array;
}

/** Faces of a list; IJB-C has 469,375. */
const maxFaces = 2_000_000;

/** Reads `ijbc_face_tid_mid.txt`: `name template media`. @throws CemiflowError `FormatInvalid` with line and byte */
export const readFaceList = async (file: RandomAccess): Promise<FaceList> => {
  const names: string[] = [];
  const [template, media]: [number[], number[]] = [[], []];
  for await (const row of readRows(file, { format: 'IJB templates', count: 3, most: maxFaces })) {
    names.push(imageName(row));
    template.push(wholeNumber(row, 1));
    media.push(wholeNumber(row, 2));
  }
  return { names, template: Int32Array.from(template), media: Int32Array.from(media) };
};

const coordinates = 10;

/**
 * Reads `ijbc_name_5pts_score.txt`: `name x1 y1 … x5 y5 score`.
 *
 * @throws CemiflowError `FormatInvalid` with line and byte
 */
export const readFacePoints = async (file: RandomAccess): Promise<FacePoints> => {
  const names: string[] = [];
  const [points, score]: [number[], number[]] = [[], []];
  for await (const row of readRows(file, { format: 'IJB landmarks', count: coordinates + 2, most: maxFaces })) {
    names.push(imageName(row));
    for (let i = 1; i <= coordinates; i++) points.push(decimalNumber(row, i));
    score.push(decimalNumber(row, coordinates + 1));
  }
  return { names, points: Float32Array.from(points), score: Float32Array.from(score) };
};
