import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import { conditionStatistics } from '../../../methods/dcface/condition.ts';
import type { DcFaceNetwork } from '../../../methods/dcface/config.ts';
import { dcfaceDenoiser } from '../../../methods/dcface/network.ts';
import { family } from '../../../methods/dcface/weights.ts';
import { initialise } from '../../../nn/parameters.ts';
import { type RecognizerConfig, recognizerConfig } from '../../../nn/recognizer/config.ts';
import { toSafetensors } from '../../../nn/weights.ts';
import { networkObject } from '../../../training/diffusion/network-fields.ts';
import { side } from '../../activities/toy.ts';
import { putRecognizerOf, withoutZeros } from '../cemiface/tiny.ts';

/** A recognizer for the images of `toyDataset` whose embedding, last map and 4 × base have one length. */
export const guideConfig: RecognizerConfig = recognizerConfig('small', {
  ...{ imageSize: side, stemWidth: 8, stemStride: 1, widths: [8, 32], depths: [1, 1], strides: [2, 2], embedding: 32 },
});

export const putGuide = (to: ArtifactStore, seed = 1): Promise<ArtifactRef> => putRecognizerOf(to, guideConfig, seed);

export const tinyNetwork: DcFaceNetwork = {
  ...{ imageSize: side, patch: 1, base: 8, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 8, groups: 4 },
  ...{ conditionSize: 32, conditionProjection: 'shared', prediction: 'velocity' },
  identity: guideConfig,
  // Does not divide the map of 6 × 6.
  style: { channels: 8, grid: 4, dropout: 0.3 },
};

/** Stores a generator that puts out something, whose styles are read from this recognizer's map. */
export const putDcFace = (to: ArtifactStore, recognizer: ArtifactRef, seed = 2): Promise<ArtifactRef> => {
  const { parameters } = dcfaceDenoiser(tinyNetwork);
  const remembered = conditionStatistics(tinyNetwork);
  const stored = {
    ...toSafetensors(initialise(withoutZeros(parameters), seed), parameters),
    ...toSafetensors(initialise(remembered, seed), remembered),
  };
  const { digest } = recognizer;
  const network = { family, ...networkObject(tinyNetwork) };
  return writeWeights(to, stored, { network, timesteps: 100, recognizer: digest, data: digest });
};
