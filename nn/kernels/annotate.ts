import type { tf } from '../tf.ts';

/** What a traced graph should know of an op besides its inputs. Eager execution takes no notice. */
export interface Annotation {
  /** Ops of one name become one compiled loop (XLA) where they are neighbours. */
  readonly fuse?: string;
  /** The op waits until this tensor is there, although it does not read it. */
  readonly after?: tf.Tensor;
  readonly rounding?: Rounding;
  /** What the trace that is being made will be computed in; absent where ops run at once, in float32. */
  readonly precision?: string;
  /** What gradients are multiplied by on the way back, and divided by at its end; see `nn/loss-scale.ts`. */
  readonly lossScale?: tf.Scalar;
}

/** What mixed precision does with an op: `exact` leaves its products in float32, `activation` rounds its output. */
export type Rounding = 'exact' | 'activation';

let current: Annotation = {};

/** The annotation of ops that run now; for the recorder. */
export const annotation = (): Annotation => current;

/** Runs `body` so that its ops carry `added` besides what they carry already. */
export const annotated = <T>(added: Annotation, body: () => T): T => {
  const before = current;
  current = { ...before, ...added };
  try {
    return body();
  } finally {
    current = before;
  }
};

/**
 * Compiles the element-wise ops of `body` into one pass over memory. Worth it for a long chain on one long vector: the
 * optimizer of 98 million parameters. Convolutions and norms were no faster (two cores), and a chain for each of 200
 * small tensors took 20 s to compile.
 */
export const fused = <T>(name: string, body: () => T): T => annotated({ fuse: name }, body);

/** Runs `body` so that its ops start only when `tensor` is there. */
export const after = <T>(tensor: tf.Tensor, body: () => T): T => annotated({ after: tensor }, body);

/** Products and convolutions of `body` stay in float32 under mixed precision, and so do their gradients. */
export const exact = <T>(body: () => T): T => annotated({ rounding: 'exact' }, body);
