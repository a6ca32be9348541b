import { activation } from '../kernels/activation.ts';
import { exact } from '../kernels/annotate.ts';
import { biasAdd } from '../kernels/bias.ts';
import { frozenAffine } from '../layers/batch-norm.ts';
import { conv2d } from '../layers/conv.ts';
import { type Tensors, tf } from '../tf.ts';
import { averagePool, maxPool } from './pool.ts';
import { type Conv, inceptionSide, inceptionSteps, type Step } from './steps.ts';

/** Of the network's batch norms. */
const epsilon = 0.001;

/**
 * Images in the size that the network takes, bilinearly between the centres of pixels and without smoothing, as PyTorch's `interpolate` with
 * `align_corners=False`: published FIDs depend on this. (pytorch-fid resizes x in [0, 1], and takes 2x − 1 then, which comes to the same.)
 *
 * @param images float32 [B, H, W, 3], RGB in [-1, 1] @returns float32 [B, 299, 299, 3] in [-1, 1]
 */
export const inceptionImages = (images: tf.Tensor4D): tf.Tensor4D =>
  tf.image.resizeBilinear(images, [inceptionSide, inceptionSide], false, true);

/**
 * What the FID is measured on: the last map's mean over places (`pool3`), not of unit length.
 *
 * @param weights `inceptionParameters` by name @param images float32 [B, 299, 299, 3], RGB in [-1, 1] @returns float32 [B, 2048], none below 0
 */
export const inceptionFeatures = (weights: Tensors, images: tf.Tensor4D): tf.Tensor2D =>
  tf.mean(follow(inceptionSteps, images, weights), [1, 2]) as tf.Tensor2D;

const follow = (steps: readonly Step[], x: tf.Tensor4D, weights: Tensors): tf.Tensor4D =>
  steps.reduce((map, step) => {
    if ('conv' in step) return basicConv(step, map, weights);
    if ('pool' in step) return step.pool === 'max' ? maxPool(map, step.stride) : averagePool(map);
    return tf.concat(
      step.branches.map((branch) => follow(branch, map, weights)),
      3,
    );
  }, x);

/** Running statistics are folded into the convolution, as in the recognizer. */
const basicConv = (conv: Conv, x: tf.Tensor4D, weights: Tensors): tf.Tensor4D => {
  const of = (part: string): tf.Tensor => weights[`${conv.conv}.${part}`] as tf.Tensor;
  const { scale, shift } = frozenAffine(
    { gamma: of('bn.weight'), beta: of('bn.bias'), mean: of('bn.running_mean'), variance: of('bn.running_var') },
    epsilon,
  );
  const w = tf.mul(of('conv.weight'), scale) as tf.Tensor4D;
  const convolve = (): tf.Tensor4D => tf.relu(biasAdd(convolved(conv, x, w), shift));
  // The images themselves are not rounded in mixed precision.
  return x.shape[3] === 3 ? activation(exact(convolve)) : convolve();
};

/** `conv2d` has faster kernels where it can be used: square ones that keep the map's size. */
const convolved = ({ kernel: [height, width], stride, padded }: Conv, x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D =>
  padded && height === width ? conv2d(x, w) : tf.conv2d(x, w, stride, padded ? 'same' : 'valid');
