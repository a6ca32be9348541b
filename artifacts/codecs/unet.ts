import type { Digest } from '../../core/digest.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';
import type { Artifact } from '../codec.ts';
import { familyFields, type WeightsMeta, weightsFields } from './weights.ts';

/** What is known of the weights of a diffusion model with a UNet. */
export interface UNetMeta {
  readonly config: UNetConfig;
  /** Steps of the noise schedule that it was trained with. */
  readonly timesteps: number;
  /** Digest of the recognizer that conditioned it. */
  readonly recognizer: Digest;
  /** Digest of the dataset that it was trained on. */
  readonly data: Digest;
}

/** @throws CemiflowError `ArtifactInvalid` where the weights are of another network, or a field is damaged */
export const unetOf = (artifact: Artifact<WeightsMeta>): UNetMeta => {
  const network = familyFields(artifact, 'unet');
  const more = weightsFields(artifact);
  return {
    config: {
      imageSize: network.integer('imageSize', { from: 1 }),
      patch: network.integer('patch', { from: 1 }),
      base: network.integer('base', { from: 1 }),
      multipliers: network.numbers('multipliers'),
      blocks: network.integer('blocks', { from: 1 }),
      attention: network.numbers('attention'),
      headChannels: network.integer('headChannels', { from: 1 }),
      groups: network.integer('groups', { from: 1 }),
      identitySize: network.integer('identitySize', { from: 1 }),
      conditionSize: network.integer('conditionSize', { from: 1 }),
      conditionTokens: network.integer('conditionTokens', { from: 1 }),
      prediction: network.oneOf('prediction', ['epsilon', 'velocity']),
    },
    timesteps: more.integer('timesteps', { from: 1 }),
    recognizer: more.digest('recognizer'),
    data: more.digest('data'),
  };
};
