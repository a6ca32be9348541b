/** A rotation, a scale and a shift: x′ = a·x − b·y + tx, y′ = b·x + a·y + ty. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** How the points lie, and how well they fit. All of it is the same however the face is turned, scaled or shifted. */
export interface Fit {
  readonly transform: Similarity;
  /** Squared correlation of the mapped points with the wanted ones, in [0, 1]. */
  readonly match: number;
  /** The same for the best mapping that also mirrors. */
  readonly mirroredMatch: number;
  /** In [0, 1/4]; 0: the points lie on a line. Determinant of their covariance over the square of its trace. */
  readonly spread: number;
}

/**
 * The similarity that maps points nearest to others in the least squares sense: Umeyama (1991), equations 40-42, which scikit-image's
 * `SimilarityTransform.estimate` computes by a singular value decomposition. In two dimensions it has a closed form of sums, products
 * and one division, so that every machine gets the same bits. Sums run over the points in order.
 *
 * @param from float64 [2 · N]: x and y in turn @param to the same
 * @returns undefined where all points of either are the same
 */
export const fitSimilarity = (from: ArrayLike<number>, to: ArrayLike<number>): Fit | undefined => {
  const [fromX, fromY] = centre(from);
  const [toX, toY] = centre(to);
  let [xx, xy, yy, squares] = [0, 0, 0, 0];
  let [same, turned, mirrored, mirroredTurned] = [0, 0, 0, 0];
  for (let i = 0; i < from.length; i += 2) {
    const px = at(from, i) - fromX;
    const py = at(from, i + 1) - fromY;
    const qx = at(to, i) - toX;
    const qy = at(to, i + 1) - toY;
    xx += px * px;
    xy += px * py;
    yy += py * py;
    squares += qx * qx + qy * qy;
    same += px * qx + py * qy;
    turned += px * qy - py * qx;
    mirrored += px * qx - py * qy;
    mirroredTurned += px * qy + py * qx;
  }
  const variance = xx + yy;
  if (!(variance > 0 && squares > 0 && Number.isFinite(variance * variance))) return undefined;
  const a = same / variance;
  const b = turned / variance;
  return {
    transform: { a, b, tx: toX - (a * fromX - b * fromY), ty: toY - (b * fromX + a * fromY) },
    match: (same * same + turned * turned) / (variance * squares),
    mirroredMatch: (mirrored * mirrored + mirroredTurned * mirroredTurned) / (variance * squares),
    spread: (xx * yy - xy * xy) / (variance * variance),
  };
};

const at = (points: ArrayLike<number>, index: number): number => points[index] as number;

const centre = (points: ArrayLike<number>): readonly [x: number, y: number] => {
  let [x, y] = [0, 0];
  for (let i = 0; i < points.length; i += 2) {
    x += at(points, i);
    y += at(points, i + 1);
  }
  const count = points.length / 2;
  return [x / count, y / count];
};
