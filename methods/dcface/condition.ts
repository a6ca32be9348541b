import { type Tensors, tf } from '../../nn/tf.ts';
import { sharedProjection } from '../../nn/unet/layout.ts';
import type { StoredParameter } from '../../nn/weights.ts';
import type { DcFaceNetwork } from './config.ts';
import {
  identityCondition,
  identityParameters,
  identityStatistics,
  identityTokens,
  trainedIdentityCondition,
} from './identity.ts';
import { styleCondition, styleParameters, styleStatistics, styleTokens, trainedStyleCondition } from './style.ts';

/** Everything that makes the condition and is trained. */
export const conditionParameters = ({ identity, style }: DcFaceNetwork): StoredParameter[] => [
  ...identityParameters(identity),
  ...styleParameters(style, identity.embedding),
];

/** Running statistics of the networks that make the condition. */
export const conditionStatistics = ({ identity }: DcFaceNetwork): StoredParameter[] => [
  ...identityStatistics(identity),
  ...styleStatistics(identity.embedding),
];

/**
 * Whether a parameter belongs to the condition: of these, the published code keeps the last values, and of the UNet an average. The
 * projection that attention blocks share is among them: there it is a layer of E_sty (`external_mapping.cross_attn_adapter`).
 */
export const isOfCondition = (name: string): boolean =>
  /^(label_mapping|external_mapping)\./.test(name) || name.startsWith(`${sharedProjection}.`);

/** What the denoiser is conditioned on, one row a sample. */
export const conditionShapes = ({ identity, style }: DcFaceNetwork) => ({
  /** Joins the embedding of the time. */
  identity: [identity.embedding],
  identityTokens: [identityTokens(identity), identity.embedding],
  styleTokens: [styleTokens(style), identity.embedding],
});

/** The conditions of a batch of training, and the statistics after it. @param batch as `dcfaceLoss` @param map of the images' styles */
export const trainedConditions = (
  weights: Tensors,
  statistics: Tensors,
  batch: Tensors,
  map: tf.Tensor4D,
  { identity: config, style }: DcFaceNetwork,
): { readonly conditions: Tensors; readonly statistics: Tensors } => {
  const images = batch.identityImages as tf.Tensor4D;
  const identity = trainedIdentityCondition(weights, statistics, images, config, seedOf(batch, 1));
  const styled = trainedStyleCondition(weights, statistics, map, style, seedOf(batch, 2));
  return {
    conditions: { identity: identity.added, identityTokens: identity.tokens, styleTokens: styled.tokens },
    statistics: { ...identity.statistics, ...styled.statistics },
  };
};

/** A seed of its own for each use and micro-batch of a step, from the seed of its noise. */
const seedOf = ({ noiseSeed, first }: Tensors, use: number): tf.Tensor1D => {
  const own = tf.add(noiseSeed as tf.Tensor1D, tf.tensor1d([use, 0], 'int32'));
  return (first ? tf.add(own, tf.mul(tf.tensor1d([0, 1], 'int32'), first)) : own) as tf.Tensor1D;
};

/** The identity of images that are sampled around. @param images float32 [B, S, S, 3] @returns `identity` and `identityTokens` */
export const identityConditions = (
  weights: Tensors,
  statistics: Tensors,
  images: tf.Tensor4D,
  { identity }: DcFaceNetwork,
): Tensors => {
  const { added, tokens } = identityCondition(weights, statistics, images, identity);
  return { identity: added, identityTokens: tokens };
};

/** The styles of images. @param map from `styleMap` @returns `styleTokens` */
export const styleConditions = (
  weights: Tensors,
  statistics: Tensors,
  map: tf.Tensor4D,
  { style }: DcFaceNetwork,
): Tensors => ({ styleTokens: styleCondition(weights, statistics, map, style) });
