import { type Tensors, tf } from '../tf.ts';
import { type Photo, resample } from './area.ts';
import { type Box, shift, squared, suppress } from './boxes.ts';
import { onet, pnet, rnet } from './networks.ts';

/** A face, and where its eyes, nose and corners of the mouth are. */
export interface Face extends Box {
  /** x1, y1, …, x5, y5, in pixels. */
  readonly landmarks: readonly number[];
}

export interface DetectOptions {
  /** Side of the smallest faces that are looked for, in pixels; at least 12. */
  readonly minFace: number;
}

/** How sure the three networks must be: facenet-pytorch's defaults. */
const thresholds = { pnet: 0.6, rnet: 0.7, onet: 0.7 };
/** From one scale of the pyramid to the next. */
const factor = 0.709;
/** Side of what the first network looks at, and the pixels between two of its looks. */
const cell = 12;
const stride = 2;
/** Most pixels of a scale of the pyramid: larger ones, which show the smallest faces of large photos, are left out. */
const mostPixels = 8_000_000;
/** Proposals that go through a network at a time. */
const batch = 512;

/**
 * Finds faces as facenet-pytorch's MTCNN does (Zhang et al. 2016): proposals from a pyramid of scales, which two further networks refuse or correct.
 *
 * @param weights see `detectorParameters`
 * @returns the surest first
 */
export const detectFaces = (weights: Tensors, photo: Photo, { minFace }: DetectOptions): Face[] => {
  const scales = pyramid(photo, minFace);
  const proposed = scales.flatMap((scale) => suppress(propose(weights, photo, scale), 0.5));
  const proposals = suppress(proposed, 0.7).map(({ shifts, ...box }) => squared(shift(box, shifts, 0)));
  const refined = judge(proposals, photo, 24, (crops) => {
    const { probability, shifts } = rnet(weights, crops);
    return [probability, shifts];
  }).filter(({ box }) => box.score > thresholds.rnet);
  const left = suppress(
    refined.map(({ box, values }) => ({ ...box, shifts: values[0] as Float32Array })),
    0.7,
  ).map(({ shifts, ...box }) => squared(shift(box, shifts, 1)));
  const found = judge(left, photo, 48, (crops) => {
    const { probability, shifts, landmarks } = onet(weights, crops);
    return [probability, shifts, landmarks];
  }).filter(({ box }) => box.score > thresholds.onet);
  const faces = found.map(({ box, values: [shifts, points] }) => ({
    ...shift(box, shifts as Float32Array, 1),
    landmarks: placed(points as Float32Array, box),
  }));
  return suppress(faces, 0.7, 'smaller');
};

const pyramid = ({ height, width }: Photo, minFace: number): number[] => {
  const scales: number[] = [];
  for (let scale = cell / minFace, side = Math.min(height, width) * scale; side >= cell; side *= factor) {
    if (height * scale * width * scale <= mostPixels) scales.push(scale);
    scale *= factor;
  }
  return scales;
};

type Proposal = Box & { readonly shifts: Float32Array };

const propose = (weights: Tensors, photo: Photo, scale: number): Proposal[] => {
  const size = { height: Math.floor(photo.height * scale + 1), width: Math.floor(photo.width * scale + 1) };
  const scaled = new Float32Array(size.height * size.width * 3);
  resample(photo, { top: 0, bottom: photo.height, left: 0, right: photo.width }, size, scaled);
  const [probability, shifts] = outputsOf(() => {
    const judged = pnet(weights, tf.tensor4d(scaled, [1, size.height, size.width, 3]));
    return [judged.probability, judged.shifts];
  }) as [Output, Output];
  const columns = probability.shape[2] as number;
  const proposals: Proposal[] = [];
  // In float32, as PyTorch divides: quotients are often whole numbers, which the last digit would make one less.
  const divisor = Math.fround(scale);
  const place = (index: number, edge: number): number => Math.floor(Math.fround((stride * index + edge) / divisor));
  for (let i = 0; 2 * i < probability.data.length; i++) {
    const score = probability.data[2 * i + 1] as number;
    if (!(score >= thresholds.pnet)) continue;
    const [x, y] = [i % columns, Math.floor(i / columns)];
    const edges = { left: place(x, 1), top: place(y, 1), right: place(x, cell), bottom: place(y, cell) };
    proposals.push({ ...edges, score, shifts: shifts.data.slice(4 * i, 4 * i + 4) });
  }
  return proposals;
};

interface Output {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Runs a network. `tidy` would walk through every number of what it returns, so that the outputs leave it another way. */
const outputsOf = (network: () => tf.Tensor[]): Output[] => {
  const outputs: Output[] = [];
  tf.tidy(() => {
    for (const output of network()) outputs.push({ shape: output.shape, data: output.dataSync() as Float32Array });
  });
  return outputs;
};

interface JudgedBox {
  /** With the network's score. */
  readonly box: Box;
  /** The network's other outputs for the box. */
  readonly values: readonly Float32Array[];
}

/** Shows what is in each box to a network. Boxes outside the photo are dropped. */
const judge = (
  boxes: readonly Box[],
  photo: Photo,
  side: number,
  network: (crops: tf.Tensor4D) => tf.Tensor2D[],
): JudgedBox[] => {
  const inside = boxes.map((box) => ({ box, region: regionOf(box, photo) })).filter(({ region }) => isSome(region));
  const judged: JudgedBox[] = [];
  for (let from = 0; from < inside.length; from += batch) {
    const part = inside.slice(from, from + batch);
    const crops = new Float32Array(part.length * side * side * 3);
    for (const [i, { region }] of part.entries())
      resample(photo, region, { height: side, width: side }, crops, i * side * side * 3);
    const [probability, ...others] = outputsOf(() => network(tf.tensor4d(crops, [part.length, side, side, 3])));
    for (const [i, { box }] of part.entries()) {
      const values = others.map(({ shape: [, size = 0], data }) => data.slice(i * size, (i + 1) * size));
      judged.push({ box: { ...box, score: probability?.data[2 * i + 1] as number }, values });
    }
  }
  return judged;
};

/** Pixels of a box that lie in the photo. Boxes count pixels from 1. */
const regionOf = (box: Box, { height, width }: Photo) => ({
  top: Math.max(1, Math.trunc(box.top)) - 1,
  bottom: Math.min(height, Math.trunc(box.bottom)),
  left: Math.max(1, Math.trunc(box.left)) - 1,
  right: Math.min(width, Math.trunc(box.right)),
});

const isSome = ({ top, bottom, left, right }: ReturnType<typeof regionOf>): boolean => bottom > top && right > left;

const placed = (points: Float32Array, { left, top, right, bottom }: Box): number[] => {
  const [width, height] = [right - left + 1, bottom - top + 1];
  return Array.from({ length: 5 }, (_, i) => [
    Math.fround(width * (points[i] as number) + left - 1),
    Math.fround(height * (points[5 + i] as number) + top - 1),
  ]).flat();
};
