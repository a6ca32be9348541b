import { CemiflowError } from '../../core/errors.ts';
import type { Parameter } from '../../nn/parameters.ts';
import { lastMap } from '../../nn/recognizer/config.ts';
import { unetParameters } from '../../nn/unet/layout.ts';
import { conditionParameters } from './condition.ts';
import type { DcFaceNetwork } from './config.ts';

/**
 * Everything of the generator that is trained: the UNet, and what makes its condition.
 *
 * @throws CemiflowError `NetworkInvalid` where sizes do not fit each other
 */
export const dcfaceParameters = (config: DcFaceNetwork): Parameter[] => {
  check(config);
  return unetParameters(config, conditionParameters(config));
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
