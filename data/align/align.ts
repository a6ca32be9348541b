import type { Image } from '../../formats/image.ts';
import { fitSimilarity } from './similarity.ts';
import { template } from './template.ts';
import { warp } from './warp.ts';

/** What an aligned image must be. */
export interface AlignOptions {
  /** In pixels. */
  readonly height: number;
  readonly width: number;
  /** Least side, in pixels of the photo, of the square that becomes the image. */
  readonly minFace: number;
}

/** Squared correlation below which points are no face. Mirrored points have 0.05, a face in profile 0.6 or more. */
const leastMatch = 0.25;
/** Squared correlation of mirrored points with the template above which they are a mirrored face. */
const surelyMirrored = 0.75;
/** Points spread less than this lie on a line: 1% as wide as long. A face has 0.2, one in profile 0.02 or more. */
const leastSpread = 1e-4;

/**
 * Cuts the face out of a photo, turned and scaled so that its landmarks come as near as can be to the template's.
 *
 * @param landmarks x1, y1, …, x5, y5 in pixels of the photo; (0, 0) is the centre of its first pixel
 * @returns uint8 RGB [height, width, 3], or what is wrong with the landmarks
 */
export const alignFace = (
  photo: Image,
  landmarks: readonly number[],
  options: AlignOptions,
): Uint8Array | { readonly fault: string } => {
  const fit = fitSimilarity(landmarks, template(options));
  if (!fit) return { fault: 'has landmarks that are all the same point, or no numbers' };
  const { transform, match, mirroredMatch, spread } = fit;
  if (spread < leastSpread) return { fault: 'has landmarks that lie on a line' };
  if (match < leastMatch)
    return {
      fault:
        mirroredMatch > surelyMirrored
          ? 'has mirrored landmarks: the eye and the corner of the mouth that are on the left in the picture come first'
          : 'has landmarks that do not lie as in a face: both eyes, the nose, both corners of the mouth',
    };
  const side = options.height / Math.sqrt(transform.a * transform.a + transform.b * transform.b);
  if (side < options.minFace)
    return { fault: `shows a face of ${Math.floor(side)} pixels, fewer than minFace: ${options.minFace}` };
  const outside = farOutside(landmarks, photo, side / 2);
  if (outside) return { fault: `has a landmark far outside, at (${outside.join(', ')})` };
  return warp(photo, transform, options);
};

/** The first landmark that lies beyond the photo's edge by more than `margin` pixels: landmarks of another photo, or of another scale. */
const farOutside = (
  landmarks: readonly number[],
  { height, width }: Image,
  margin: number,
): readonly [x: number, y: number] | undefined => {
  for (let i = 0; i < landmarks.length; i += 2) {
    const [x, y] = [landmarks[i] as number, landmarks[i + 1] as number];
    if (x < -margin || y < -margin || x > width - 1 + margin || y > height - 1 + margin) return [x, y];
  }
  return undefined;
};
