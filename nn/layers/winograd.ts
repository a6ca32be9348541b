import { annotation } from '../kernels/annotate.ts';
import { attribute, op } from '../kernels/backend.ts';
import { kernelChoice } from '../native/library.ts';
import type { tf } from '../tf.ts';

/** What is computed of a convolution. */
export type Pass = 'forward' | 'input gradient' | 'weight gradient';

/** Share of a dimension that is no filling, where it is cut into units. */
const filled = (size: number, unit: number): number => size / (Math.ceil(size / unit) * unit);

/**
 * Whether Winograd's F(4 × 4, 3 × 3) (Lavin and Gray 2016) takes less time than a direct convolution, by shape and precision alone, so that a
 * step is computed in the same way on every machine that has our kernels.
 *
 * Of four multiplications one is left. What is lost again: pixels of tiles outside the map, channels that fill up a vector, and the transform of the weights, which takes the time of about 8 tiles. Above the limits Winograd won against
 * oneDNN 3.7 on Zen 4 with AVX-512 and BF16, measured on 40 shapes from 1 × 4 × 4 to 64 × 112 × 112 with 3 to 768 channels.
 */
export const winogradPays = (x: tf.Tensor4D, w: tf.Tensor4D, pass: Pass): boolean => {
  if (w.shape[0] !== 3 || w.shape[1] !== 3 || kernelChoice() !== 'native') return false;
  const [batch, height, width] = x.shape;
  const [, , from, to] = w.shape;
  const [read, written] = pass === 'input gradient' ? [to, from] : [from, to];
  const tiles = batch * Math.ceil(height / 4) * Math.ceil(width / 4);
  const gain =
    4 * filled(height, 4) * filled(width, 4) * filled(read, 16) * filled(written, 16) * (tiles / (tiles + 8));
  return gain > limit(pass);
};

/**
 * The same for stride 2, where 25 of 36 multiplications are left (`nn/native/winograd-strided.h`), for all passes together: then
 * nothing pads the image. With 24 channels it took longer than oneDNN's float32, with 48 it won two passes of three, and from 96
 * on all of them. oneDNN's bfloat16 has more to win with.
 */
export const stridedWinogradPays = (x: tf.Tensor4D, w: tf.Tensor4D): boolean => {
  if (w.shape[0] !== 3 || w.shape[1] !== 3 || isBfloat16() || kernelChoice() !== 'native') return false;
  const [, height, width] = x.shape;
  const [, , from, to] = w.shape;
  return height % 2 === 0 && width % 2 === 0 && from >= 32 && to >= 32;
};

const limit = (pass: Pass): number => {
  if (!isBfloat16()) return 1.7;
  return pass === 'weight gradient' ? 2 : 2.6;
};

/** Whether the other choice is a product in bfloat16. */
const isBfloat16 = (): boolean => {
  const { precision, rounding } = annotation();
  return precision === 'bfloat16' && rounding !== 'exact';
};

/** `nn/native/conv3x3.h`, padding 1. @param transposed for the input's gradient: x is that of the output */
export const winogradConv = (x: tf.Tensor, w: tf.Tensor, stride: number, transposed: boolean): tf.Tensor =>
  op(
    'CemiflowConv3x3',
    [attribute.float32('T'), attribute.bool('transposed', transposed), attribute.int('stride', stride)],
    [x, w],
  );

/** `nn/native/conv3x3-weight-gradient.h`. */
export const winogradWeightGradient = (x: tf.Tensor, dy: tf.Tensor, stride: number): tf.Tensor =>
  op('CemiflowConv3x3WeightGrad', [attribute.float32('T'), attribute.int('stride', stride)], [x, dy]);
