import { attribute, type OpAttribute, op } from '../kernels/backend.ts';
import { differentiable } from '../kernels/differentiable.ts';
import { tf } from '../tf.ts';

/**
 * Convolution without bias and with PyTorch's padding: k // 2 zeros on every side, also where the stride is 2 (there
 * TensorFlow's "same" pads on one side only). tfjs has no gradient for explicit padding, so this one has its own.
 *
 * @param x float32 [B, H, W, in] @param w float32 [k, k, in, out], k odd
 * @returns float32 [B, ceil(H / stride), ceil(W / stride), out]
 */
export const conv2d = (x: tf.Tensor4D, w: tf.Tensor4D, stride = 1): tf.Tensor4D => {
  // oneDNN's input gradient of a 1 × 1 convolution with a stride took a hundred times as long in bfloat16.
  if (w.shape[0] === 1 && stride > 1) return conv2d(subsample(x, stride), w);
  const attributes = convAttributes(w.shape[0], stride);
  const sizes = (tensor: tf.Tensor): tf.Tensor => tf.tensor1d(tensor.shape, 'int32');
  return differentiable(
    { x, w },
    (save) => {
      save([x, w]);
      return op('Conv2D', attributes, [x, w]) as tf.Tensor4D;
    },
    (dy, saved) => {
      const [input, filter] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () =>
          stride === 2 && w.shape[0] === 3 && input.shape.slice(1, 3).every((size) => size === 2 || size === 4)
            ? mirroredInputGradient(sizes(input), filter, dy)
            : op('Conv2DBackpropInput', attributes, [sizes(input), filter, dy]),
        w: () => op('Conv2DBackpropFilter', attributes, [input, sizes(filter), dy]),
      };
    },
  );
};

/**
 * The input's gradient for stride 2 on a map of even size. There PyTorch's padding reaches one pixel past the left, and
 * "same" one past the right: each is the other in a mirror. On maps of 2 and 4 pixels oneDNN takes five times as long
 * with explicit padding as with "same".
 */
const mirroredInputGradient = (sizes: tf.Tensor, w: tf.Tensor, dy: tf.Tensor): tf.Tensor => {
  const attributes = convAttributes(w.shape[0] as number, 2, 'SAME');
  return tf.reverse(
    op('Conv2DBackpropInput', attributes, [sizes, tf.reverse(w, [0, 1]), tf.reverse(dy, [1, 2])]),
    [1, 2],
  );
};

/** Where both mean the same, "same" reaches the kernels that are tuned best. */
const paddingOf = (kernel: number, stride: number): string =>
  kernel === 1 ? 'VALID' : stride === 1 ? 'SAME' : 'EXPLICIT';

const convAttributes = (kernel: number, stride: number, padding = paddingOf(kernel, stride)): OpAttribute[] => {
  const pad = Math.floor(kernel / 2);
  return [
    attribute.float32('T'),
    attribute.int('strides', [1, stride, stride, 1]),
    attribute.bool('use_cudnn_on_gpu', true),
    attribute.string('padding', padding),
    ...(padding === 'EXPLICIT' ? [attribute.int('explicit_paddings', [0, 0, pad, pad, pad, pad, 0, 0])] : []),
    attribute.string('data_format', 'NHWC'),
    attribute.int('dilations', [1, 1, 1, 1]),
  ];
};

/**
 * Every `stride`-th pixel: PyTorch's MaxPool2d(1, stride), the shortcut of units that keep their width.
 *
 * @param x float32 [B, H, W, C] @returns float32 [B, ceil(H / stride), ceil(W / stride), C]
 */
export const subsample = (x: tf.Tensor4D, stride: number): tf.Tensor4D => {
  if (stride === 1) return x;
  const ints = (values: number[]): tf.Tensor => tf.tensor1d(values, 'int32');
  const range = (): tf.Tensor[] => [ints([0, 0, 0, 0]), ints(x.shape), ints([1, stride, stride, 1])];
  const attributes = [
    attribute.float32('T'),
    attribute.int32('Index'),
    ...['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].map((n) => attribute.int(n, 0)),
  ];
  return differentiable(
    { x },
    () => op('StridedSlice', attributes, [x, ...range()]) as tf.Tensor4D,
    (dy) => ({ x: () => op('StridedSliceGrad', attributes, [ints(x.shape), ...range(), dy]) }),
  );
};
