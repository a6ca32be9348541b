import { unetMultiplications, unetSize } from '../../nn/unet/count.ts';
import type { CemiFaceNetwork } from './config.ts';

/** Multiplications of one pass of the denoiser for one image, with F1 and F2, which make the condition in each step. */
export const cemifaceMultiplications = (config: CemiFaceNetwork): number =>
  unetMultiplications(config, config.conditionTokens) + condition(config);

/** Values of all its parameters. */
export const cemifaceSize = (config: CemiFaceNetwork): number => {
  const { conditionSize, conditionTokens } = config;
  return unetSize(config, condition(config) + conditionSize + conditionTokens * conditionSize);
};

/** Weights of F1 and F2, each used once for an image. */
const condition = ({ identitySize, conditionSize, conditionTokens }: CemiFaceNetwork): number =>
  conditionSize + (identitySize + conditionSize) * conditionTokens * conditionSize;
