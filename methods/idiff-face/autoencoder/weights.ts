import type { Artifact } from '../../../artifacts/codec.ts';
import { familyFields, readWeights, type WeightsMeta, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { CemiflowError } from '../../../core/errors.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import type { Parameter } from '../../../nn/parameters.ts';
import type { Tensors } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { type AutoencoderConfig, downsampling } from './config.ts';

export const family = 'vq-autoencoder';

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network, or a field is damaged */
export const autoencoderOf = (artifact: Artifact<WeightsMeta>): AutoencoderConfig => {
  const network = familyFields(artifact, family);
  return {
    base: network.integer('base', { from: 1 }),
    multipliers: network.numbers('multipliers'),
    blocks: network.integer('blocks', { from: 1 }),
    groups: network.integer('groups', { from: 1 }),
    channels: network.integer('channels', { from: 1 }),
    codes: network.integer('codes', { from: 2 }),
  };
};

/**
 * An autoencoder, or the half of it that is needed. The caller disposes `weights`.
 *
 * @param half which parameters: `encoderParameters`, `decoderParameters`
 * @throws CemiflowError `ArtifactInvalid`, `WeightsMismatch`
 */
export const loadAutoencoder = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  half: (config: AutoencoderConfig) => readonly Parameter[],
): Promise<{ readonly config: AutoencoderConfig; readonly weights: Tensors }> => {
  const artifact = await weightsCodec.read(store, ref);
  const config = autoencoderOf(artifact);
  return { config, weights: fromSafetensors(await readWeights(store, artifact), half(config)) };
};

/** @throws CemiflowError `SizeMismatch` where the autoencoder cannot halve images as often as it must */
export const requireDivisible = (
  config: Pick<AutoencoderConfig, 'multipliers'>,
  { height, width }: { readonly height: number; readonly width: number },
): void => {
  const f = downsampling(config);
  if (height % f === 0 && width % f === 0) return;
  throw new CemiflowError('SizeMismatch', `images must have a size divisible by ${f}, got ${height} × ${width}`, {
    remedy: 'choose an autoencoder of fewer levels, or make the dataset in another size',
    data: { height, width, factor: f },
  });
};
