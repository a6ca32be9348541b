import type { Artifact } from '../../artifacts/codec.ts';
import { familyFields, type WeightsMeta, weightsFields } from '../../artifacts/codecs/weights.ts';
import type { Digest } from '../../core/digest.ts';
import type { NoiseOptions } from '../../nn/diffusion/schedule.ts';
import { noiseFields, unetFields } from '../../training/diffusion/network-fields.ts';
import type { CemiFaceNetwork } from './config.ts';

/** What the weights of CemiFace's generator say about themselves. */
export interface GeneratorMeta extends NoiseOptions {
  readonly network: CemiFaceNetwork;
  /** Digest of the weights of E_id, the recognizer that conditioned it. */
  readonly recognizer: Digest;
  /** Digest of the dataset that it was trained on. */
  readonly data: Digest;
}

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network, or a field is damaged */
export const generatorMetaOf = (artifact: Artifact<WeightsMeta>): GeneratorMeta => {
  const network = familyFields(artifact, 'unet');
  const more = weightsFields(artifact);
  if (!network.has('conditionProjection')) {
    throw network.fault(
      'conditionProjection',
      'shared or block (weights that were written before this field existed have another order of attention heads)',
    );
  }
  const identityScale = network.number('identityScale');
  if (identityScale <= 0) throw network.fault('identityScale', 'a number above 0');
  return {
    network: {
      ...unetFields(network),
      identitySize: network.integer('identitySize', { from: 1 }),
      conditionSize: network.integer('conditionSize', { from: 1 }),
      conditionProjection: network.oneOf('conditionProjection', ['shared', 'block']),
      identityScale,
      conditionTokens: network.integer('conditionTokens', { from: 1 }),
    },
    ...noiseFields(more),
    recognizer: more.digest('recognizer'),
    data: more.digest('data'),
  };
};
