/**
 * What `estimate.ts` of a stage kind exports: what an action will cost and make, from its parameters and from numbers that are known of its
 * inputs. It loads no tensors and reads no data, so that an experiment can be estimated on a machine that has neither.
 */
export type EstimateStage<P = never> = (params: P, known: Known) => Estimate;

/** A number that may not be known: computing it throws `FactUnknown` then, and hides no other. */
export type Value = number | (() => number);

/** Numbers of an artifact by name, such as `images`, `identities`, `height`, or `forward`, the multiplications of a network for one image. */
export type Facts = { readonly [name: string]: Value };

export interface OutputEstimate {
  readonly facts?: Facts;
  /** Configuration of the network, where the output is one and other kinds build on it. */
  readonly network?: () => object;
  /** Of its files. Absent where they are too small to matter, as those of logs and metrics are. */
  readonly bytes?: Value;
}

export interface Estimate {
  /** Multiplications of the whole action, all its shards together: each with an addition. Absent where there are none to speak of. */
  readonly work?: Value;
  readonly outputs: { readonly [name: string]: OutputEstimate };
}

/** What is known of the inputs of an action. An input is what stands in its parameters for an artifact. */
export interface Known {
  /** @throws FactUnknown */
  fact(input: unknown, name: string): number;
  /** The configuration of a network. @throws FactUnknown */
  network<T>(input: unknown): T;
  /** What the spec expects of the action's own first output. @throws FactUnknown */
  expected(name: string): number;
}

/** What a number cannot be computed without. */
export class FactUnknown extends Error {
  /** `images` */
  readonly fact: string;
  /** Id of the node that would have it. */
  readonly node: string;

  constructor(fact: string, node: string) {
    super(`${fact} of ${node}`);
    this.fact = fact;
    this.node = node;
  }
}

/** Images that pass the network in a training; the last incomplete batch of an epoch is left out. */
export const imagesSeen = (images: number, { batch, epochs }: { readonly batch: number; readonly epochs: number }) =>
  Math.floor(images / batch) * batch * epochs;

/**
 * Multiplications of a forward pass as those of a training pass: the gradients by what a layer is given and by its weights cost as much
 * again each, and computing blocks again on the way back costs another forward pass.
 */
export const trained = (forward: number, { recompute = false }: { readonly recompute?: boolean } = {}): number =>
  (recompute ? 4 : 3) * forward;

/** The same for a network whose weights stay as they are: a gradient passes through it. */
export const passedThrough = (forward: number): number => 2 * forward;

/** Bytes of weights of so many values, float32. */
export const weightsBytes = (values: number): number => 4 * values;

/**
 * Bytes that a pixel of a photo of a face takes: as PNG, of the 3 that it has, and as JPEG in the usual packs. Sizes of files depend on
 * what they show; these are what aligned photos of 112 pixels come to, within a third or so.
 */
const pixelBytes = { png: 1.8, jpeg: 0.45 };

/** Of the tar entries of an image and its label: two headers, and what fills the last blocks up. */
const entryBytes = 1792;

/** Bytes of an image in a dataset. */
export const imageBytes = (format: keyof typeof pixelBytes, height: number, width: number): number =>
  Math.round(pixelBytes[format] * height * width) + entryBytes;

/** A set of square PNG images that plain code makes: no work of a GPU. @param images of all people together */
export const drawnSet = (identities: number, images: number, size: number): Estimate => {
  const imageSize = imageBytes('png', size, size);
  const facts = { images, identities, height: size, width: size, imageSize };
  return { outputs: { data: { facts, bytes: images * imageSize } } };
};

/** Photos that become square PNG images of one size, as many as the spec expects. */
export const photoSet: EstimateStage<{ readonly size: number }> = ({ size }, { expected }) => {
  const imageSize = imageBytes('png', size, size);
  const facts = { height: size, width: size, imageSize };
  return { outputs: { data: { facts, bytes: () => expected('images') * imageSize } } };
};
