import { parameterCount } from '../../../nn/parameter.ts';
import { smallestMap, type VaeConfig } from './config.ts';
import { decoderBlocks, encoderLayers, vaeParameters } from './layers.ts';

/** Multiplications of the encoder for one image. */
export const encoderMultiplications = (config: VaeConfig): number => {
  const { hidden, identitySize, latent } = config;
  let positions = (config.imageSize / config.patch) ** 2;
  let sum = hidden * (mapSize(config) + identitySize + 2 * latent);
  for (const { from, to, halves } of encoderLayers(config)) {
    if (halves) positions /= 4;
    sum += positions * 9 * from * to;
  }
  return sum;
};

/** Multiplications of the decoder for one image. */
export const decoderMultiplications = (config: VaeConfig): number => {
  const { hidden, identitySize, latent, base, patch, multipliers } = config;
  const [height, width] = smallestMap(config);
  let positions = height * width;
  let sum = hidden * (latent + identitySize + hidden + mapSize(config));
  for (const { from, to, doubles } of decoderBlocks(config)) {
    if (doubles) positions *= 4;
    sum += positions * (9 * (from * to + to * to) + (from === to ? 0 : from * to)) + hidden * 2 * to;
  }
  return sum + positions * 9 * base * (multipliers[0] as number) * 3 * patch ** 2;
};

/** Values of all parameters. */
export const vaeSize = (config: VaeConfig): number => parameterCount(vaeParameters(config));

const mapSize = (config: VaeConfig): number => smallestMap(config).reduce((a, b) => a * b);
