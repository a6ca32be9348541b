import type { Json } from '../core/errors.ts';
import type { Matrix, Point } from '../core/expand.ts';

/** The axis that `seeds` adds to stages. */
export const seedAxis = 'seed';

/** A repeated stage's nodes of one seed, as if there were no others. */
export const atSeed = ({ axes, points, zipped }: Matrix, seed: Json | undefined): Matrix => ({
  axes: Object.fromEntries(Object.entries(axes).filter(([axis]) => axis !== seedAxis)),
  points: points.filter((point) => point[seedAxis] === seed).map(withoutSeed),
  zipped,
});

const withoutSeed = (point: Point): Point =>
  Object.fromEntries(Object.entries(point).filter(([axis]) => axis !== seedAxis));
