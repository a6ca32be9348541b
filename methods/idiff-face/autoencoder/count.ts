import { parameterCount } from '../../../nn/parameter.ts';
import { type AutoencoderConfig, downsampling } from './config.ts';
import { autoencoderParameters, decoderLayers, encoderLayers, type Layer } from './layers.ts';

/** Sides of images, in pixels. */
interface Sides {
  readonly height: number;
  readonly width: number;
}

/** Multiplications of the encoder for one image. */
export const encoderMultiplications = (config: AutoencoderConfig, { height, width }: Sides): number =>
  ofLayers(encoderLayers(config), height * width);

/** Multiplications of the decoder for one image, and of the search for the nearest code of each latent. */
export const decoderMultiplications = (config: AutoencoderConfig, { height, width }: Sides): number => {
  const latents = (height * width) / downsampling(config) ** 2;
  return latents * config.codes * config.channels + ofLayers(decoderLayers(config), latents);
};

/** Values of all parameters, the codebook among them. */
export const autoencoderSize = (config: AutoencoderConfig): number => parameterCount(autoencoderParameters(config));

const ofLayers = (layers: readonly Layer[], first: number): number => {
  let positions = first;
  let sum = 0;
  for (const layer of layers) {
    if (layer.type === 'down') positions /= 4;
    if (layer.type === 'up') positions *= 4;
    sum += ofLayer(layer, positions);
  }
  return sum;
};

/** @param positions of the map that the layer gives */
const ofLayer = (layer: Layer, positions: number): number => {
  switch (layer.type) {
    case 'conv':
      return positions * layer.kernel ** 2 * layer.from * layer.to;
    case 'last':
      return positions * 9 * layer.from * layer.to;
    case 'down':
    case 'up':
      return positions * 9 * layer.channels ** 2;
    case 'attention':
      return 4 * positions * layer.channels ** 2 + 2 * positions ** 2 * layer.channels;
    case 'residual': {
      const { from, to } = layer;
      return positions * (9 * (from * to + to * to) + (from === to ? 0 : from * to));
    }
  }
};
