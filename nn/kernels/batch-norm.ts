import { tf } from '../tf.ts';
import { attribute, opMany } from './backend.ts';

/**
 * Batch normalisation in training mode by TensorFlow's fused kernel, and its own gradient kernel.
 *
 * @param x float32 [B, H, W, C] @param gamma float32 [C] @param beta float32 [C]
 * @returns `y` float32 [B, H, W, C], the batch's `mean` float32 [C] and unbiased `variance` float32 [C] (no gradient
 *   flows through these two: they are for the running statistics)
 */
export const batchNormTrain = (
  x: tf.Tensor4D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  eps = 1e-5,
): { y: tf.Tensor4D; mean: tf.Tensor1D; variance: tf.Tensor1D } => {
  const statistics: tf.Tensor[] = [];
  const normalise = tf.customGrad((...args) => {
    const [input, scale, offset] = args as tf.Tensor[];
    const save = args[args.length - 1] as unknown as tf.GradSaveFunc;
    const empty = tf.tensor1d([], 'float32');
    const outputs = opMany(
      'FusedBatchNormV3',
      [
        attribute.float32('T'),
        attribute.float32('U'),
        attribute.float('epsilon', eps),
        attribute.float('exponential_avg_factor', 1),
        attribute.string('data_format', 'NHWC'),
        attribute.bool('is_training', true),
      ],
      [input as tf.Tensor, scale as tf.Tensor, offset as tf.Tensor, empty, empty],
      6,
    );
    const [y, mean, variance, space1, space2, space3] = outputs as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    statistics.push(mean, variance);
    save([input as tf.Tensor, scale as tf.Tensor, space1, space2, space3]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedX, savedScale, s1, s2, s3] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const grads = opMany(
          'FusedBatchNormGradV3',
          [
            attribute.float32('T'),
            attribute.float32('U'),
            attribute.float('epsilon', eps),
            attribute.string('data_format', 'NHWC'),
            attribute.bool('is_training', true),
          ],
          [dy, savedX, savedScale, s1, s2, s3],
          5,
        );
        return [grads[0], grads[1], grads[2]] as tf.Tensor[];
      },
    };
  });
  const y = normalise(x, gamma, beta) as tf.Tensor4D;
  return { y, mean: statistics[0] as tf.Tensor1D, variance: statistics[1] as tf.Tensor1D };
};
