import { biasAdd } from '../kernels/bias.ts';
import { linear } from '../layers/linear.ts';
import { prelu } from '../layers/prelu.ts';
import { type Tensors, tf } from '../tf.ts';

/** What a network says of each picture, or of each place in it. */
export interface Judged<T extends tf.Tensor = tf.Tensor> {
  /** float32 [..., 2], probabilities: no face, face */
  readonly probability: T;
  /** float32 [..., 4]: shifts of left, top, right and bottom, in sides of the box */
  readonly shifts: T;
}

/** MTCNN's proposal network, which slides over a picture. @param x float32 [1, H, W, 3] in [-1, 1] @returns [1, (H − 10) / 2, (W − 10) / 2, …] */
export const pnet = (weights: Tensors, x: tf.Tensor4D): Judged<tf.Tensor4D> => {
  const w = within(weights, 'pnet');
  const features = w.conv('conv3', w.conv('conv2', pool(w.conv('conv1', x, 'prelu1'), 2), 'prelu2'), 'prelu3');
  return { probability: tf.softmax(w.conv('conv4_1', features)), shifts: w.conv('conv4_2', features) };
};

/** MTCNN's refinement network. @param x float32 [B, 24, 24, 3] in [-1, 1] */
export const rnet = (weights: Tensors, x: tf.Tensor4D): Judged<tf.Tensor2D> => {
  const w = within(weights, 'rnet');
  const first = pool(w.conv('conv1', x, 'prelu1'), 3);
  const second = pool(w.conv('conv2', first, 'prelu2'), 3);
  const features = w.dense('dense4', flat(w.conv('conv3', second, 'prelu3')), 'prelu4');
  return { probability: tf.softmax(w.dense('dense5_1', features)), shifts: w.dense('dense5_2', features) };
};

/** MTCNN's output network. @param x float32 [B, 48, 48, 3] in [-1, 1] @returns with float32 [B, 10]: five x, then five y, in sides of the box */
export const onet = (weights: Tensors, x: tf.Tensor4D): Judged<tf.Tensor2D> & { readonly landmarks: tf.Tensor2D } => {
  const w = within(weights, 'onet');
  const first = pool(w.conv('conv1', x, 'prelu1'), 3);
  const second = pool(w.conv('conv2', first, 'prelu2'), 3);
  const third = pool(w.conv('conv3', second, 'prelu3'), 2);
  const features = w.dense('dense5', flat(w.conv('conv4', third, 'prelu4')), 'prelu5');
  return {
    probability: tf.softmax(w.dense('dense6_1', features)),
    shifts: w.dense('dense6_2', features),
    landmarks: w.dense('dense6_3', features),
  };
};

const within = (weights: Tensors, network: string) => {
  const of = (name: string): tf.Tensor => weights[`${network}.${name}`] as tf.Tensor;
  const activated = <T extends tf.Tensor>(x: T, activation?: string): T =>
    activation === undefined ? x : prelu(x, of(`${activation}.weight`));
  return {
    conv: (name: string, x: tf.Tensor4D, activation?: string): tf.Tensor4D =>
      activated(biasAdd(tf.conv2d(x, of(`${name}.weight`) as tf.Tensor4D, 1, 'valid'), of(`${name}.bias`)), activation),
    dense: (name: string, x: tf.Tensor2D, activation?: string): tf.Tensor2D =>
      activated(linear(x, of(`${name}.weight`), of(`${name}.bias`)), activation),
  };
};

/** PyTorch's MaxPool2d(kernel, 2, ceil_mode=True): the last window may reach over the edge. @param x float32 [B, H, W, C] */
const pool = (x: tf.Tensor4D, kernel: number): tf.Tensor4D => {
  const over = (size: number): number => (size - kernel) % 2;
  const [, height, width] = x.shape;
  if (over(height) + over(width) === 0) return tf.maxPool(x, kernel, 2, 'valid');
  const edges: [number, number][] = [
    [0, 0],
    [0, over(height)],
    [0, over(width)],
    [0, 0],
  ];
  return tf.maxPool(tf.pad(x, edges, Number.NEGATIVE_INFINITY), kernel, 2, 'valid');
};

/** Columns, rows and channels in one row, in this order: the first weights were trained in MATLAB. @param x float32 [B, H, W, C] */
const flat = (x: tf.Tensor4D): tf.Tensor2D => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [x.shape[0], -1]);
