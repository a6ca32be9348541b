import type { CemiFaceNetwork } from '../../../methods/cemiface/config.ts';
import type { Parameter } from '../../../nn/parameters.ts';

/** The smallest UNet that has every kind of part. */
export const tinyNetwork: CemiFaceNetwork = {
  imageSize: 8,
  patch: 1,
  base: 8,
  multipliers: [1, 2],
  blocks: 1,
  attention: [1],
  headChannels: 8,
  groups: 4,
  identitySize: 6,
  conditionSize: 8,
  conditionTokens: 2,
  prediction: 'epsilon',
};

/** The same without weights that begin as zeros, so that every path carries signal: an untrained UNet puts out nothing. */
export const withoutZeros = (parameters: readonly Parameter[]): readonly Parameter[] =>
  parameters.map((p) => (p.init.type === 'zeros' ? { ...p, init: { type: 'normal', std: 0.2 } } : p));
