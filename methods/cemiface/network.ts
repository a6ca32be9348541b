import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import type { tf } from '../../nn/tf.ts';
import { unetShape } from '../../nn/unet/config.ts';
import { unetParameters } from '../../nn/unet/layout.ts';
import { unet } from '../../nn/unet/unet.ts';
import { conditionParameters, conditionTokens } from './condition.ts';
import type { CemiFaceNetwork } from './config.ts';

/** @param options.recompute runs the UNet's blocks again on the way back, which saves memory and costs a forward pass */
export const cemifaceDenoiser = (config: CemiFaceNetwork, options: { recompute?: boolean } = {}): Denoiser => ({
  parameters: unetParameters(config, conditionParameters(config)),
  shape: unetShape(config),
  conditions: { identity: [config.identitySize], m: [] },
  prediction: config.prediction,
  clip: true,
  predict: (weights, noisy, time, { identity, m }) => {
    const tokens = conditionTokens(weights, identity as tf.Tensor2D, m as tf.Tensor1D, config);
    return unet(weights, noisy, time, tokens, config, options);
  },
});
