import type { Known, OutputEstimate } from '../../core/estimate.ts';
import { imageSides, type RecognizerConfig } from '../../nn/recognizer/config.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';
import { generatorOutput } from '../../training/estimates.ts';
import type { DcFaceNetwork, StyleConfig } from './config.ts';
import { dcfaceMultiplications, dcfaceSize, identityMultiplications, styleMultiplications } from './count.ts';

/** A generator around a recognizer. */
export const dcfaceNetwork = (
  network: Omit<UNetConfig, 'imageSize' | 'conditionSize' | 'conditionProjection'> &
    Partial<Pick<UNetConfig, 'conditionProjection'>>,
  style: Omit<StyleConfig, 'channels'>,
  recognizer: object,
  known: Known,
): DcFaceNetwork => {
  const identity = known.network<RecognizerConfig>(recognizer);
  return {
    conditionProjection: 'shared',
    ...network,
    ...{ identity, conditionSize: identity.embedding, imageSize: imageSides(identity)[0] },
    style: { ...style, channels: identity.widths[0] as number },
  };
};

/** What is known of its weights. */
export const dcfaceOutput = (network: () => DcFaceNetwork): OutputEstimate =>
  generatorOutput({
    network,
    forward: () => dcfaceMultiplications(network()),
    values: () => dcfaceSize(network()),
    side: () => network().imageSize,
    others: {
      identity: () => identityMultiplications(network()),
      style: () => styleMultiplications(network()),
    },
  });
