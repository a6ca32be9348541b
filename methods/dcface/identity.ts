import { prefixed, withPrefix } from '../../nn/gradients.ts';
import type { Parameter } from '../../nn/parameters.ts';
import { embedWithMap, forwardTrain } from '../../nn/recognizer/backbone.ts';
import { lastMap, type RecognizerConfig, unitsOf } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import type { StoredParameter } from '../../nn/weights.ts';
import { positions } from './positions.ts';

/** Where the published checkpoints keep E_id and what goes with it. */
const backbone = 'label_mapping.backbone.backbone';
const positionName = 'label_mapping.pos_emb.0';
const scaleName = 'label_mapping.scaler.0';

/** The unit whose map becomes tokens: the first of the last stage, 7 × 7 for IR-50 at 112 px (`return_spatial: [21]`). */
const mapUnit = (config: RecognizerConfig): number => unitsOf(config).length - (config.depths.at(-1) as number);

/** Number of identity tokens: the places of that map. */
export const identityTokens = (config: RecognizerConfig): number => {
  const [height, width] = lastMap(config).size;
  return height * width;
};

/** What of E_id is trained: its weights, the positions, and the factor on the feature that joins the time. */
export const identityParameters = (config: RecognizerConfig): Parameter[] => [
  ...named(config, true),
  positions(positionName, identityTokens(config) + 1, config.embedding),
  { name: scaleName, shape: [1], kind: 'vector', init: { type: 'constant', value: 0.001 } },
];

/** Running statistics of E_id's normalisations. */
export const identityStatistics = (config: RecognizerConfig): StoredParameter[] => named(config, false);

const named = (config: RecognizerConfig, wanted: boolean): StoredParameter[] =>
  recognizerParameters(config)
    .filter(({ trained }) => trained === wanted)
    .map(({ trained: _trained, decayed: _decayed, ...parameter }) => ({
      ...parameter,
      name: `${backbone}.${parameter.name}`,
    }));

/** A recognizer's weights and statistics under the names of E_id, which begins as that recognizer. The same tensors. */
export const asIdentity = (recognizer: Tensors): Tensors => prefixed(recognizer, backbone);

/** The identity of an image, as the UNet is given it. */
export interface IdentityCondition {
  /** float32 [B, D], added to the embedding of the time. */
  readonly added: tf.Tensor2D;
  /** float32 [B, K, D] */
  readonly tokens: tf.Tensor3D;
}

/**
 * E_id(x) (DCFace §3.2): the feature and the places of the map as one sequence, to which learned positions are added; the first, times a
 * learned factor, joins the time, the others are tokens.
 *
 * @param images float32 [B, S, S, 3] in [-1, 1]
 */
export const identityCondition = (
  weights: Tensors,
  statistics: Tensors,
  images: tf.Tensor4D,
  config: RecognizerConfig,
): IdentityCondition => {
  const all = { ...withPrefix(weights, backbone), ...withPrefix(statistics, backbone) };
  const { features, map } = embedWithMap(all, images, config, mapUnit(config));
  return joined(weights, features, map);
};

/**
 * The same in training: normalised by the batch, with the recognizer's own dropout.
 *
 * @param dropoutSeed int32 [2] @returns also the statistics after this batch, by their stored names
 */
export const trainedIdentityCondition = (
  weights: Tensors,
  statistics: Tensors,
  images: tf.Tensor4D,
  config: RecognizerConfig,
  dropoutSeed: tf.Tensor1D,
): IdentityCondition & { readonly statistics: Tensors } => {
  const [own, running] = [withPrefix(weights, backbone), withPrefix(statistics, backbone)];
  const forward = forwardTrain(own, running, images, config, { dropoutSeed });
  const condition = joined(weights, forward.features, forward.maps[mapUnit(config)] as tf.Tensor4D);
  return { ...condition, statistics: prefixed(forward.running, backbone) };
};

const joined = (weights: Tensors, features: tf.Tensor2D, map: tf.Tensor4D): IdentityCondition => {
  const [b, height, width, size] = map.shape;
  const places = map.reshape([b, height * width, size]);
  const position = weights[positionName] as tf.Tensor2D;
  const sequence = tf.concat([features.reshape([b, 1, size]), places], 1).add(position) as tf.Tensor3D;
  const [feature, tokens] = tf.split(sequence, [1, height * width], 1) as [tf.Tensor3D, tf.Tensor3D];
  return { added: feature.reshape([b, size]).mul(weights[scaleName] as tf.Tensor) as tf.Tensor2D, tokens };
};
