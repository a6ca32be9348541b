import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { type UNetConfig, unetShape } from '../../nn/unet/config.ts';
import { unetParameters } from '../../nn/unet/layout.ts';
import { unet } from '../../nn/unet/unet.ts';

/** A denoiser without any condition (Ho et al. 2020). @param options.recompute runs blocks again on the way back */
export const ddpmDenoiser = (config: UNetConfig, options: { recompute?: boolean } = {}): Denoiser => ({
  parameters: unetParameters(config),
  shape: unetShape(config),
  conditions: {},
  prediction: config.prediction,
  clip: true,
  predict: (weights, noisy, time) => unet(weights, noisy, time, undefined, config, options),
});

/** What the UNet's configuration says where nothing conditions it. */
export const unconditional = { conditionSize: 1, conditionProjection: 'none' } as const;
