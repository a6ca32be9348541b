import { exact } from '../../nn/kernels/annotate.ts';
import { biasAdd } from '../../nn/kernels/bias.ts';
import { statelessUniform } from '../../nn/kernels/random.ts';
import { affine, batchNormTrain, frozenAffine, runningAverage } from '../../nn/layers/batch-norm.ts';
import { conv2d } from '../../nn/layers/conv.ts';
import { dropout } from '../../nn/layers/linear.ts';
import { prelu } from '../../nn/layers/prelu.ts';
import { convParameters, normParameters, type Parameter } from '../../nn/parameters.ts';
import { unitMap } from '../../nn/recognizer/backbone.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import type { StyleConfig } from './config.ts';
import { positions } from './positions.ts';

/** Where the published checkpoints keep E_sty; `_0`, since it could have several maps and has one. */
const at = (layer: string): string => `external_mapping.${layer}`;

/** Of style tokens: k² patches, and the whole map before them. */
export const styleTokens = ({ grid }: StyleConfig): number => grid * grid + 1;

/** @param size of a token */
export const styleParameters = (config: StyleConfig, size: number): Parameter[] => [
  { name: at('relu_0.weight'), shape: [1], kind: 'vector', init: { type: 'constant', value: 0.25 } },
  ...convParameters(at('conv_0'), 1, config.channels, size),
  ...normParameters(at('norm_0'), size),
  { name: at('channel_weight_0.0'), shape: [size, 2], kind: 'vector', init: { type: 'constant', value: 0.5 } },
  positions(at('pos_emb_0.0'), styleTokens(config), size),
  ...normParameters(at('ln_0'), size),
];

/** Running statistics of the normalisation of the map. */
export const styleStatistics = (size: number): Parameter[] => [
  { name: at('norm_0.running_mean'), shape: [size], kind: 'vector', init: { type: 'zeros' } },
  { name: at('norm_0.running_var'), shape: [size], kind: 'vector', init: { type: 'ones' } },
];

/** The map of the frozen recognizer that styles are read from: what its first stage leaves (`return_spatial: [2]` for IR-50). */
export const styleMap = (recognizer: Tensors, images: tf.Tensor4D, config: RecognizerConfig): tf.Tensor4D =>
  unitMap(recognizer, images, config, (config.depths[0] as number) - 1);

/** Channels of that map. */
export const styleChannels = (config: RecognizerConfig): number => config.widths[0] as number;

/**
 * E_sty(x) by running statistics (DCFace §3.3, eq. 4 and 5).
 *
 * @param map float32 [B, H, W, C], from `styleMap` @returns float32 [B, k² + 1, D]
 */
export const styleCondition = (
  weights: Tensors,
  statistics: Tensors,
  map: tf.Tensor4D,
  { grid }: StyleConfig,
): tf.Tensor3D => {
  const frozen = frozenAffine({
    gamma: weights[at('norm_0.weight')],
    beta: weights[at('norm_0.bias')],
    mean: statistics[at('norm_0.running_mean')] as tf.Tensor,
    variance: statistics[at('norm_0.running_var')] as tf.Tensor,
  });
  return tokensOf(weights, affine(convolved(weights, divisible(map, grid)), frozen), grid);
};

/** The same in training. @param seed int32 [2], of what is dropped @returns also the statistics after this batch */
export const trainedStyleCondition = (
  weights: Tensors,
  statistics: Tensors,
  map: tf.Tensor4D,
  { grid, dropout: rate }: StyleConfig,
  seed: tf.Tensor1D,
): { readonly tokens: tf.Tensor3D; readonly statistics: Tensors } => {
  const fitting = divisible(map, grid);
  const thinned = rate === 0 ? fitting : dropout(fitting, rate, statelessUniform(fitting.shape, seed));
  const [gamma, beta] = [weights[at('norm_0.weight')], weights[at('norm_0.bias')]] as [tf.Tensor, tf.Tensor];
  const { y, mean, variance } = batchNormTrain(convolved(weights, thinned), gamma, beta);
  const average = (name: string, value: tf.Tensor): [string, tf.Tensor] => [
    at(name),
    runningAverage(statistics[at(name)] as tf.Tensor, value),
  ];
  return {
    tokens: tokensOf(weights, y, grid),
    statistics: Object.fromEntries([average('norm_0.running_mean', mean), average('norm_0.running_var', variance)]),
  };
};

/** A map whose side the grid divides: the next smaller one, by nearest neighbours (PyTorch's `interpolate`). */
const divisible = (map: tf.Tensor4D, grid: number): tf.Tensor4D => {
  const side = map.shape[1];
  const fitting = Math.floor(side / grid) * grid;
  if (fitting === side) return map;
  const places = Array.from({ length: fitting }, (_, i) => Math.floor((i * side) / fitting));
  return chosen(chosen(map, places, 1), places, 2);
};

/** The places of an axis, ascending: neighbours as one slice. tfjs reads the numbers of a gather, which a trace must not. */
const chosen = (map: tf.Tensor4D, places: readonly number[], axis: 1 | 2): tf.Tensor4D => {
  const begins = places.filter((place, i) => i === 0 || place !== (places[i - 1] as number) + 1);
  const slices = begins.map((begin, i) => {
    const next = begins[i + 1];
    const end = next === undefined ? places.length : places.indexOf(next);
    const [from, size] = [[0, 0, 0, 0], [...map.shape]];
    from[axis] = begin;
    size[axis] = end - places.indexOf(begin);
    return tf.slice(map, from, size);
  });
  return tf.concat(slices, axis) as tf.Tensor4D;
};

/** PReLU with one slope for all channels, and a convolution of 1 × 1. */
const convolved = (weights: Tensors, map: tf.Tensor4D): tf.Tensor4D => {
  const slope = tf.mul(tf.ones([map.shape[3]]), weights[at('relu_0.weight')] as tf.Tensor);
  return biasAdd(
    conv2d(prelu(map, slope), weights[at('conv_0.weight')] as tf.Tensor4D),
    weights[at('conv_0.bias')] as tf.Tensor,
  );
};

/**
 * Mean, and mean minus mean square, of the whole map and of each patch, weighed by channel; then positions and layer norm. The paper
 * calls the second one variance; it is coded so, and kept.
 */
const tokensOf = (weights: Tensors, map: tf.Tensor4D, grid: number): tf.Tensor3D =>
  exact(() => {
    const [b, side, , size] = map.shape;
    const patch = side / grid;
    const byPatch = (x: tf.Tensor4D): tf.Tensor =>
      x
        .reshape([b, grid, patch, grid, patch * size])
        .mean(2)
        .reshape([b, grid * grid, patch, size])
        .mean(2);
    const statistic = (x: tf.Tensor4D): tf.Tensor => {
      const patches = byPatch(x);
      return tf.concat([patches.mean(1, true), patches], 1);
    };
    const mean = statistic(map);
    const spread = mean.sub(statistic(tf.square(map) as tf.Tensor4D));
    const [ofMean, ofSpread] = tf.split(weights[at('channel_weight_0.0')] as tf.Tensor2D, 2, 1) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const info = mean.mul(ofMean.reshape([size])).add(spread.mul(ofSpread.reshape([size])));
    return layerNorm(
      info.add(weights[at('pos_emb_0.0')] as tf.Tensor),
      weights[at('ln_0.weight')] as tf.Tensor,
      weights[at('ln_0.bias')] as tf.Tensor,
    ) as tf.Tensor3D;
  });

const layerNorm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
  const centred = x.sub(x.mean(-1, true));
  const variance = tf.square(centred).mean(-1, true);
  return centred
    .div(tf.sqrt(variance.add(1e-5)))
    .mul(gamma)
    .add(beta);
};
