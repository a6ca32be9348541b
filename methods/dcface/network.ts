import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { unetShape } from '../../nn/unet/config.ts';
import { unet } from '../../nn/unet/unet.ts';
import { conditionShapes } from './condition.ts';
import type { DcFaceNetwork } from './config.ts';
import { dcfaceParameters } from './parameters.ts';

/**
 * DCFace's denoiser, which takes the condition as it was made: the identity joins the time, and the tokens of identity and style join the
 * keys and values of the attention blocks.
 *
 * @param options.recompute runs the UNet's blocks again on the way back, which saves memory and costs a forward pass
 * @throws CemiflowError `NetworkInvalid` where sizes do not fit each other
 */
export const dcfaceDenoiser = (config: DcFaceNetwork, options: { recompute?: boolean } = {}): Denoiser => {
  return {
    parameters: dcfaceParameters(config),
    shape: unetShape(config),
    conditions: conditionShapes(config),
    prediction: config.prediction,
    clip: true,
    predict: (weights, noisy, time, { identity, identityTokens, styleTokens }: Tensors) => {
      const tokens = tf.concat([identityTokens as tf.Tensor3D, styleTokens as tf.Tensor3D], 1);
      return unet(weights, noisy, time, tokens, config, { ...options, added: identity as tf.Tensor2D });
    },
  };
};
