import { CemiflowError } from '../../core/errors.ts';
import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { lastMap } from '../../nn/recognizer/config.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { unetShape } from '../../nn/unet/config.ts';
import { unetParameters } from '../../nn/unet/layout.ts';
import { unet } from '../../nn/unet/unet.ts';
import { conditionParameters, conditionShapes } from './condition.ts';
import type { DcFaceNetwork } from './config.ts';

/**
 * DCFace's denoiser, which takes the condition as it was made: the identity joins the time, and the tokens of identity and style join the
 * keys and values of the attention blocks.
 *
 * @param options.recompute runs the UNet's blocks again on the way back, which saves memory and costs a forward pass
 * @throws CemiflowError `NetworkInvalid` where sizes do not fit each other
 */
export const dcfaceDenoiser = (config: DcFaceNetwork, options: { recompute?: boolean } = {}): Denoiser => {
  check(config);
  return {
    parameters: unetParameters(config, conditionParameters(config)),
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

const check = ({ identity, style, base, conditionSize, imageSize }: DcFaceNetwork): void => {
  const refuse = (message: string, remedy: string): never => {
    throw new CemiflowError('NetworkInvalid', message, { remedy });
  };
  const { embedding } = identity;
  const { channels } = lastMap(identity);
  if (channels !== embedding)
    refuse(
      `the recognizer's embedding (${embedding}) and its last map (${channels} channels) must have the same length: both become tokens`,
      'choose a recognizer whose last width is its embedding, as that of IR-50 is',
    );
  if (base * 4 !== embedding)
    refuse(
      `the identity feature (${embedding}) joins the embedding of the time, which has 4 × base = ${4 * base} values`,
      `set network.base to ${embedding / 4}`,
    );
  if (conditionSize !== embedding)
    refuse(`conditionSize must be the length of the embedding, ${embedding}, got ${conditionSize}`, 'leave it out');
  const side = Math.ceil(Math.ceil(imageSize / identity.stemStride) / (identity.strides[0] as number));
  if (side < style.grid)
    refuse(
      `the map that styles are read from has ${side} × ${side} places, too few for a grid of ${style.grid}`,
      'lower style.grid, or choose a recognizer that keeps more of the image in its first stage',
    );
};
