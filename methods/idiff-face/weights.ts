import type { Artifact } from '../../artifacts/codec.ts';
import { familyFields, type WeightsMeta, weightsFields } from '../../artifacts/codecs/weights.ts';
import type { Digest } from '../../core/digest.ts';
import type { NoiseOptions } from '../../nn/diffusion/schedule.ts';
import { noiseFields } from '../../training/diffusion/network-fields.ts';
import type { IDiffFaceNetwork } from './config.ts';

export const family = 'idiff-face';

/** What the weights of IDiff-Face's generator say about themselves. */
export interface GeneratorMeta extends NoiseOptions {
  readonly network: Omit<IDiffFaceNetwork, 'autoencoder'>;
  /** Digest of the weights of the recognizer whose embeddings condition it. */
  readonly recognizer: Digest;
  /** Digest of the weights of the autoencoder whose latents it makes. */
  readonly autoencoder: Digest;
}

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network, or a field is damaged */
export const generatorMetaOf = (artifact: Artifact<WeightsMeta>): GeneratorMeta => {
  const network = familyFields(artifact, family);
  const more = weightsFields(artifact);
  const count = (name: string): number => network.integer(name, { from: 1 });
  const latentScale = network.number('latentScale');
  if (latentScale <= 0) throw network.fault('latentScale', 'a number above 0');
  return {
    network: {
      imageSize: count('imageSize'),
      latentScale,
      side: count('side'),
      channels: count('channels'),
      base: count('base'),
      multipliers: network.numbers('multipliers'),
      blocks: count('blocks'),
      attention: network.numbers('attention'),
      headChannels: count('headChannels'),
      groups: count('groups'),
      identitySize: count('identitySize'),
      conditionSize: count('conditionSize'),
      conditionTokens: count('conditionTokens'),
      prediction: network.oneOf('prediction', ['epsilon', 'velocity']),
    },
    ...noiseFields(more),
    recognizer: more.digest('recognizer'),
    autoencoder: more.digest('autoencoder'),
  };
};
