import { parameterCount } from '../../nn/parameter.ts';
import { imageSides, lastMap, type RecognizerConfig, strided } from '../../nn/recognizer/config.ts';
import { firstStage, multiplications, recognizerParameters } from '../../nn/recognizer/layout.ts';
import { unetMultiplications, unetSize } from '../../nn/unet/count.ts';
import type { DcFaceNetwork } from './config.ts';

/** Multiplications of one pass of the UNet for one image, its condition given: tokens of identity and of style. */
export const dcfaceMultiplications = (config: DcFaceNetwork): number => {
  const { size } = lastMap(config.identity);
  return unetMultiplications(config, size[0] * size[1] + config.style.grid ** 2 + 1);
};

/** Of E_id for one identity image: a whole recognizer. */
export const identityMultiplications = ({ identity }: DcFaceNetwork): number => multiplications(identity);

/** Of E_sty for one image of style: a recognizer's first stage, and a convolution of 1 × 1 over the places of its map. */
export const styleMultiplications = ({ identity, style }: DcFaceNetwork): number => {
  const [height, width] = firstMap(identity);
  return firstStage(identity) + height * width * style.channels * identity.embedding;
};

/** Values of all its parameters but the few of positions and norms of the condition. */
export const dcfaceSize = (config: DcFaceNetwork): number => {
  const { identity, style } = config;
  return unetSize(config, parameterCount(recognizerParameters(identity)) + style.channels * identity.embedding);
};

const firstMap = (config: RecognizerConfig) =>
  strided(strided(imageSides(config), config.stemStride), config.strides[0] as number);
