import { attribute, type OpAttribute, op } from '../kernels/backend.ts';
import { differentiable } from '../kernels/differentiable.ts';
import { tf } from '../tf.ts';
import { type Pass, stridedWinogradPays, winogradConv, winogradPays, winogradWeightGradient } from './winograd.ts';

/**
 * Convolution without bias and with PyTorch's padding: k // 2 zeros on every side, also where the stride is 2 (there
 * TensorFlow's "same" pads on one side only).
 *
 * @param x float32 [B, H, W, in] @param w float32 [k, k, in, out], k odd
 * @returns float32 [B, ceil(H / stride), ceil(W / stride), out]
 */
export const conv2d = (x: tf.Tensor4D, w: tf.Tensor4D, stride = 1): tf.Tensor4D => {
  const kernel = w.shape[0];
  if (stride === 1) return convolve(x, w, 1, kernel === 1 ? 'VALID' : 'SAME', (pass) => winogradPays(x, w, pass));
  if (stride === 2 && stridedWinogradPays(x, w)) return convolve(x, w, 2, 'SAME', () => true);
  // oneDNN's input gradient of a 1 × 1 convolution with a stride took a hundred times as long in bfloat16.
  if (kernel === 1) return convolve(subsample(x, stride), w, 1, 'VALID');
  return convolve(padded(x, kernel, stride), w, stride, 'VALID');
};

/** Zeros around x as far as a convolution reaches. TensorFlow hands its own explicit padding to slower kernels than oneDNN's. */
const padded = (x: tf.Tensor4D, kernel: number, stride: number): tf.Tensor4D => {
  const before = Math.floor(kernel / 2);
  const after = (size: number): number => (Math.ceil(size / stride) - 1) * stride + kernel - before - size;
  const [, height, width] = x.shape;
  return tf.pad4d(x, [
    [0, 0],
    [before, Math.max(0, after(height))],
    [before, Math.max(0, after(width))],
    [0, 0],
  ]);
};

const convolve = (
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  stride: number,
  padding: 'SAME' | 'VALID',
  winograd: (pass: Pass) => boolean = () => false,
): tf.Tensor4D => {
  const attributes = convAttributes(stride, padding);
  const sizes = (tensor: tf.Tensor): tf.Tensor => tf.tensor1d(tensor.shape, 'int32');
  return differentiable(
    { x, w },
    (save) => {
      save([x, w]);
      return (
        winograd('forward') ? winogradConv(x, w, stride, false) : op('Conv2D', attributes, [x, w])
      ) as tf.Tensor4D;
    },
    (dy, saved) => {
      const [input, filter] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () =>
          winograd('input gradient')
            ? winogradConv(dy, filter, stride, true)
            : op('Conv2DBackpropInput', attributes, [sizes(input), filter, dy]),
        w: () =>
          winograd('weight gradient')
            ? winogradWeightGradient(input, dy, stride)
            : op('Conv2DBackpropFilter', attributes, [input, sizes(filter), dy]),
      };
    },
  );
};

/**
 * Convolution of stride 2 that pads behind the image alone, as the autoencoders of latent diffusion do.
 *
 * @param x float32 [B, H, W, in], H and W even @param w float32 [3, 3, in, out] @returns float32 [B, H / 2, W / 2, out]
 */
export const downsampleConv2d = (x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D => convolve(x, w, 2, 'SAME');

/**
 * Transposed convolution without bias that doubles height and width: PyTorch's ConvTranspose2d of kernel 4, stride 2 and
 * padding 1. It is the input gradient of a convolution, and files hold its weight as [in, out, k, k].
 *
 * @param x float32 [B, H, W, in] @param w float32 [4, 4, out, in] @returns float32 [B, 2H, 2W, out]
 */
export const upsampleConv2d = (x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D => {
  const attributes = convAttributes(2, 'SAME');
  const [b, height, width] = x.shape;
  const sizes = (shape: number[]): tf.Tensor => tf.tensor1d(shape, 'int32');
  return differentiable(
    { x, w },
    (save) => {
      save([x, w]);
      const size = sizes([b, 2 * height, 2 * width, w.shape[2]]);
      return op('Conv2DBackpropInput', attributes, [size, w, x]) as tf.Tensor4D;
    },
    (dy, saved) => {
      const [input, filter] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () => op('Conv2D', attributes, [dy, filter]),
        w: () => op('Conv2DBackpropFilter', attributes, [dy, sizes(filter.shape), input]),
      };
    },
  );
};

const convAttributes = (stride: number, padding: 'SAME' | 'VALID'): OpAttribute[] => [
  attribute.float32('T'),
  attribute.int('strides', [1, stride, stride, 1]),
  attribute.bool('use_cudnn_on_gpu', true),
  attribute.string('padding', padding),
  attribute.string('data_format', 'NHWC'),
  attribute.int('dilations', [1, 1, 1, 1]),
];

/**
 * Every `stride`-th pixel: PyTorch's MaxPool2d(1, stride), the shortcut of units that keep their width.
 *
 * @param x float32 [B, H, W, C] @returns float32 [B, ceil(H / stride), ceil(W / stride), C]
 */
export const subsample = (x: tf.Tensor4D, stride: number): tf.Tensor4D =>
  stride === 1 ? x : tf.avgPool(x, 1, stride, 'valid');
