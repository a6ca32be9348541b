import { recognizerNetwork } from '../../../artifacts/codecs/recognizer.ts';
import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { digestOf } from '../../../core/digest.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import { saveInquiries } from '../../../data/inquiries.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import type { CemiFaceNetwork } from '../../../methods/cemiface/config.ts';
import { cemifaceDenoiser } from '../../../methods/cemiface/network.ts';
import { initialise, type Parameter } from '../../../nn/parameters.ts';
import { type RecognizerConfig, recognizerConfig } from '../../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { toSafetensors } from '../../../nn/weights.ts';
import { side, toyDataset } from '../../activities/toy.ts';

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
  conditionProjection: 'shared',
  identityScale: 1,
  conditionTokens: 2,
  prediction: 'epsilon',
};

/** The same without weights that begin as zeros, so that every path carries signal: an untrained UNet puts out nothing. */
export const withoutZeros = (parameters: readonly Parameter[]): readonly Parameter[] =>
  parameters.map((p) => (p.init.type === 'zeros' ? { ...p, init: { type: 'normal', std: 0.2 } } : p));

/** A recognizer for the images of `toyDataset`. */
export const tinyRecognizer: RecognizerConfig = recognizerConfig('small', {
  ...{ imageSize: side, stemWidth: 8, widths: [8, 8], depths: [1, 1], strides: [1, 2], embedding: 6 },
});

/** Stores such a recognizer as it begins: that it has learned nothing does not matter to what is computed with it. */
export const putRecognizer = (to: ArtifactStore, seed = 1): Promise<ArtifactRef> =>
  putRecognizerOf(to, tinyRecognizer, seed);

/** The same of another recognizer. */
export const putRecognizerOf = (to: ArtifactStore, config: RecognizerConfig, seed: number): Promise<ArtifactRef> => {
  const parameters = recognizerParameters(config);
  const network = recognizerNetwork(config);
  return writeWeights(to, toSafetensors(initialise(parameters, seed), parameters), { network });
};

/** The generator that `putGenerator` stores. */
export const tinyGenerator: CemiFaceNetwork = { ...tinyNetwork, imageSize: side, prediction: 'velocity' };
export const generatorTimesteps = 100;
export const generatorSnrFactor = 4;

/** Stores a generator that puts out something, conditioned by this recognizer. */
export const putGenerator = (to: ArtifactStore, recognizer: ArtifactRef): Promise<ArtifactRef> => {
  const { parameters } = cemifaceDenoiser(tinyGenerator);
  const network = JSON.parse(JSON.stringify({ family: 'unet', ...tinyGenerator }));
  const stored = toSafetensors(initialise(withoutZeros(parameters), 2), parameters);
  const { digest } = recognizer;
  return writeWeights(to, stored, {
    network,
    timesteps: generatorTimesteps,
    snrFactor: generatorSnrFactor,
    recognizer: digest,
    data: digest,
  });
};

/**
 * Stores inquiries, one image of each of `count` people of `toyDataset`, with embeddings that are no one's: all zeros, by a
 * recognizer that there is not.
 */
export const putInquiries = async (to: ArtifactStore, count: number, first = 0): Promise<ArtifactRef> => {
  const pictures = await loadDataset(to, await toyDataset(to, count, 1, first));
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const set = {
    count,
    embeddingSize: 6,
    origin: 'images' as const,
    pictures,
    rows,
    embeddings: new Float32Array(count * 6),
  };
  return saveInquiries(
    to,
    { ...set, identities: rows, images: new Int32Array(count) },
    { recognizer: digestOf('none'), maxSimilarity: 1 },
  );
};
