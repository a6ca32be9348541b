import type { Fields } from '../../artifacts/fields.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { NoiseOptions } from '../../nn/diffusion/schedule.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';

/** A UNet of square images without its condition, as a manifest of weights states it. */
export type SquareUNet = Omit<UNetConfig, 'conditionSize' | 'conditionProjection'> & { readonly imageSize: number };

/** @throws CemiflowError `ArtifactInvalid` where a field is missing or damaged */
export const unetFields = (network: Fields): SquareUNet => ({
  imageSize: network.integer('imageSize', { from: 1 }),
  patch: network.integer('patch', { from: 1 }),
  base: network.integer('base', { from: 1 }),
  multipliers: network.numbers('multipliers'),
  blocks: network.integer('blocks', { from: 1 }),
  attention: network.numbers('attention'),
  headChannels: network.integer('headChannels', { from: 1 }),
  groups: network.integer('groups', { from: 1 }),
  prediction: network.oneOf('prediction', ['epsilon', 'velocity']),
});

/**
 * The noise that a generator was trained with; weights that say no factor have that of DDPM.
 *
 * @throws CemiflowError `ArtifactInvalid` where a field is missing or damaged
 */
export const noiseFields = (weights: Fields): NoiseOptions => {
  const snrFactor = weights.optional('snrFactor', (fields) => fields.number('snrFactor')) ?? 1;
  if (snrFactor <= 0) throw weights.fault('snrFactor', 'a number above 0');
  return { timesteps: weights.integer('timesteps', { from: 1 }), snrFactor };
};

/** A network's configuration as a manifest can hold it. */
export const networkObject = <T extends object>(config: T): JsonObject =>
  JSON.parse(JSON.stringify(config)) as JsonObject;
