import type { Face } from '../../nn/detector/detect.ts';

/** Which face of several is taken. */
export type Choice = 'central' | 'largest';

/**
 * The face that a photo is of. `central`: the one with the most of area − 2 · d², where d is the distance of its centre from the photo's, in pixels, as
 * facenet and InsightFace choose. `largest`: the one with the most area. Of equal ones the surest.
 *
 * @param faces the surest first
 */
export const choose = (
  faces: readonly Face[],
  { height, width }: { readonly height: number; readonly width: number },
  choice: Choice,
): Face | undefined => {
  const weight = ({ left, top, right, bottom }: Face): number => {
    const area = (right - left) * (bottom - top);
    const [x, y] = [(left + right - width) / 2, (top + bottom - height) / 2];
    return choice === 'largest' ? area : area - 2 * (x * x + y * y);
  };
  let best: Face | undefined;
  for (const face of faces) if (best === undefined || weight(face) > weight(best)) best = face;
  return best;
};
