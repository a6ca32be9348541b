import type { Artifact } from '../../../artifacts/codec.ts';
import { familyFields, readWeights, type WeightsMeta, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { CemiflowError } from '../../../core/errors.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import type { Tensors } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { identitySize } from '../people.ts';
import { downsampling, type VaeConfig } from './config.ts';
import { decoderParameters } from './layers.ts';

export const family = 'conditional-vae';

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network, or a field is damaged */
export const vaeOf = (artifact: Artifact<WeightsMeta>): VaeConfig => {
  const network = familyFields(artifact, family);
  return {
    imageSize: network.integer('imageSize', { from: 1 }),
    patch: network.integer('patch', { from: 1 }),
    base: network.integer('base', { from: 1 }),
    multipliers: network.numbers('multipliers'),
    blocks: network.integer('blocks', { from: 1 }),
    groups: network.integer('groups', { from: 1 }),
    hidden: network.integer('hidden', { from: 1 }),
    latent: network.integer('latent', { from: 1 }),
    identitySize: network.integer('identitySize', { from: 1 }),
  };
};

/**
 * The decoder of a generator. The caller disposes `weights`.
 *
 * @throws CemiflowError `ArtifactInvalid`, `WeightsMismatch`, and `FactorsMismatch` where people had other factors when it was trained
 */
export const loadDecoder = async (
  store: ArtifactStore,
  ref: ArtifactRef,
): Promise<{ readonly config: VaeConfig; readonly weights: Tensors }> => {
  const artifact = await weightsCodec.read(store, ref);
  const config = vaeOf(artifact);
  if (config.identitySize !== identitySize) throw otherFactors(ref, config);
  return { config, weights: fromSafetensors(await readWeights(store, artifact), decoderParameters(config)) };
};

/** @throws CemiflowError `SizeMismatch` where images are not square, or cannot be halved as often as the network does */
export const requireSquare = (
  config: Pick<VaeConfig, 'patch' | 'multipliers'>,
  { height, width }: { readonly height: number; readonly width: number },
): void => {
  const factor = downsampling(config);
  if (height === width && height % factor === 0) return;
  throw new CemiflowError(
    'SizeMismatch',
    `images must be square, of a size divisible by ${factor}, got ${height} × ${width}`,
    {
      remedy: 'choose fewer multipliers or a smaller patch, or draw the dataset in another size',
      data: { height, width, factor },
    },
  );
};

const otherFactors = (ref: ArtifactRef, config: VaeConfig): CemiflowError =>
  new CemiflowError(
    'FactorsMismatch',
    `generator ${ref.digest} was trained on people of ${config.identitySize} factors, people have ${identitySize} here`,
    {
      remedy: 'train the generator again with this version of cemiflow',
      data: { generator: ref.digest, trained: config.identitySize, here: identitySize },
    },
  );
