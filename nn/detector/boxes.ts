/** A rectangle in a photo, in pixels, and how sure a network is that it shows a face. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** In [0, 1]. */
  readonly score: number;
}

/** What two boxes share, in parts of both together (`union`) or of the smaller one. */
export type Overlap = 'union' | 'smaller';

/**
 * Non-maximum suppression: takes boxes from the surest on, and drops what overlaps one that was taken by more than `most`. As in facenet-pytorch, pixels
 * at the right and bottom edges count for `smaller` and not for `union`.
 *
 * @returns the boxes that are left, the surest first
 */
export const suppress = <B extends Box>(boxes: readonly B[], most: number, overlap: Overlap = 'union'): B[] => {
  const kept: B[] = [];
  for (const box of [...boxes].sort((a, b) => b.score - a.score))
    if (!kept.some((other) => shared(box, other, overlap) > most)) kept.push(box);
  return kept;
};

const shared = (a: Box, b: Box, overlap: Overlap): number => {
  const edge = overlap === 'smaller' ? 1 : 0;
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left) + edge;
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) + edge;
  if (width <= 0 || height <= 0) return 0;
  const [areaA, areaB] = [a, b].map((box) => (box.right - box.left + edge) * (box.bottom - box.top + edge)) as [
    number,
    number,
  ];
  const common = width * height;
  return common / (overlap === 'smaller' ? Math.min(areaA, areaB) : areaA + areaB - common);
};

/** Moves each edge by a part of the side. @param edge 1: sides count the pixels of both edges, as after the first network */
export const shift = <B extends Box>(box: B, shifts: ArrayLike<number>, edge: 0 | 1): B => {
  const width = box.right - box.left + edge;
  const height = box.bottom - box.top + edge;
  const [left, top, right, bottom] = shifts as unknown as [number, number, number, number];
  return {
    ...box,
    left: box.left + left * width,
    top: box.top + top * height,
    right: box.right + right * width,
    bottom: box.bottom + bottom * height,
  };
};

/** The square of the longer side around the same centre. */
export const squared = <B extends Box>(box: B): B => {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  const side = Math.max(width, height);
  const left = box.left + width * 0.5 - side * 0.5;
  const top = box.top + height * 0.5 - side * 0.5;
  return { ...box, left, top, right: left + side, bottom: top + side };
};
