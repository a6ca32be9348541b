import { activation } from '../kernels/activation.ts';
import { exact } from '../kernels/annotate.ts';
import { biasAdd } from '../kernels/bias.ts';
import { statelessUniform } from '../kernels/random.ts';
import { recompute } from '../kernels/recompute.ts';
import { affine, batchNormTrain, frozenAffine, runningAverage } from '../layers/batch-norm.ts';
import { conv2d, subsample } from '../layers/conv.ts';
import { dropout, linear } from '../layers/linear.ts';
import { prelu } from '../layers/prelu.ts';
import { squeezeExcite } from '../layers/squeeze-excite.ts';
import { type Tensors, tf } from '../tf.ts';
import { type RecognizerConfig, type Unit, unitsOf } from './config.ts';
import { namesOf, squeezeName } from './names.ts';

/**
 * E_id with running statistics. Its gradient reaches the images, not the weights, whose normalisations are folded into
 * the convolutions before them.
 *
 * @param weights `recognizerParameters(config)` by name
 * @param x float32 [B, S, S, 3], RGB in [-1, 1]
 * @returns features float32 [B, D], not normalised
 */
export const embed = (weights: Tensors, x: tf.Tensor4D, config: RecognizerConfig): tf.Tensor2D =>
  backbone(x, config, inference(weights)).features;

/**
 * As `embed`, with what one of its units leaves.
 *
 * @param unit index among `unitsOf(config)` @returns `map` float32 [B, H, W, C] after that unit
 */
export const embedWithMap = (
  weights: Tensors,
  x: tf.Tensor4D,
  config: RecognizerConfig,
  unit: number,
): { features: tf.Tensor2D; map: tf.Tensor4D } => {
  const { features, maps } = backbone(x, config, inference(weights));
  return { features, map: maps[unit] as tf.Tensor4D };
};

/** What a unit leaves, by running statistics; nothing beyond it is computed. @returns float32 [B, H, W, C] */
export const unitMap = (weights: Tensors, x: tf.Tensor4D, config: RecognizerConfig, unit: number): tf.Tensor4D =>
  mapsUpTo(x, config, inference(weights), unit)[unit] as tf.Tensor4D;

const inference = (weights: Tensors): Mode => ({
  weight: (name) => required(weights, name),
  norm: (h, name) => affine(h, frozen(weights, name)),
  convNorm: (h, conv, name, stride) => {
    const { scale, shift } = frozen(weights, name);
    return biasAdd(conv2d(h, tf.mul(required(weights, `${conv}.weight`), scale) as tf.Tensor4D, stride), shift);
  },
  drop: (h) => h,
});

/**
 * The same network as it trains: normalised by the batch, with dropout.
 *
 * @param weights trained parameters by name
 * @param running what is not trained, by name: running statistics, and the weight of InsightFace's last normalisation
 * @param options.dropoutSeed int32 [2]; needed where `config.dropout` is above 0
 * @param options.recompute runs each unit again on the way back instead of keeping what is inside it
 * @returns features float32 [B, D], what each unit leaves (float32 [B, H, W, C] each), and the running statistics after this batch
 */
export const forwardTrain = (
  weights: Tensors,
  running: Tensors,
  x: tf.Tensor4D,
  config: RecognizerConfig,
  options: { dropoutSeed?: tf.Tensor1D; recompute?: boolean } = {},
): { features: tf.Tensor2D; maps: readonly tf.Tensor4D[]; running: Tensors } => {
  const updated: Tensors = {};
  const applyUnit = (h: tf.Tensor4D, unit: Unit): tf.Tensor4D => {
    const prefix = `${unit.name}.`;
    const own = Object.fromEntries(Object.entries(weights).filter(([name]) => name.startsWith(prefix)));
    const names: string[] = [];
    const { y, aside } = recompute({ ...own, x: h }, (given) => {
      const statistics: Tensors = {};
      const made = irUnit(given.x as tf.Tensor4D, unit, config, training(given, running, statistics, config));
      names.splice(0, names.length, ...Object.keys(statistics));
      return { y: made, aside: Object.values(statistics) };
    });
    names.forEach((name, i) => {
      updated[name] = aside[i] as tf.Tensor;
    });
    return y as tf.Tensor4D;
  };
  const mode = training(weights, running, updated, config, options.dropoutSeed);
  const made = backbone(x, config, mode, options.recompute ? applyUnit : undefined);
  return { ...made, running: updated };
};

/** @param updated receives the running statistics after this batch */
const training = (
  weights: Tensors,
  running: Tensors,
  updated: Tensors,
  config: RecognizerConfig,
  dropoutSeed?: tf.Tensor1D,
): Mode => {
  const norm = <T extends tf.Tensor>(h: T, name: string): T => {
    const channels = h.shape.at(-1) as number;
    // The last normalisation works on rows; AdaFace's has no weight and bias, InsightFace's weight is not trained.
    const map = (h.rank === 4 ? h : tf.reshape(h, [-1, 1, 1, channels])) as tf.Tensor4D;
    const gamma = weights[`${name}.weight`] ?? running[`${name}.weight`] ?? tf.ones([channels]);
    const beta = weights[`${name}.bias`] ?? tf.zeros([channels]);
    const { y, mean, variance } = batchNormTrain(map, gamma, beta);
    updated[`${name}.running_mean`] = runningAverage(required(running, `${name}.running_mean`), mean);
    updated[`${name}.running_var`] = runningAverage(required(running, `${name}.running_var`), variance);
    return tf.reshape(y, h.shape) as T;
  };
  return {
    weight: (name) => required(weights, name),
    norm,
    convNorm: (h, conv, name, stride) =>
      norm(conv2d(h, required(weights, `${conv}.weight`) as tf.Tensor4D, stride), name),
    drop: (h) =>
      config.dropout === 0
        ? h
        : dropout(h, config.dropout, statelessUniform(h.shape, dropoutSeed as tf.Tensor1D) as tf.Tensor4D),
  };
};

/** What differs between training and inference. */
interface Mode {
  weight(name: string): tf.Tensor;
  norm<T extends tf.Tensor>(h: T, name: string): T;
  /** A convolution and the normalisation of what it gives. */
  convNorm(h: tf.Tensor4D, conv: string, norm: string, stride: number): tf.Tensor4D;
  drop(h: tf.Tensor4D): tf.Tensor4D;
}

const backbone = (
  x: tf.Tensor4D,
  config: RecognizerConfig,
  mode: Mode,
  applyUnit?: ApplyUnit,
): { features: tf.Tensor2D; maps: readonly tf.Tensor4D[] } => {
  const { head } = namesOf(config);
  const maps = mapsUpTo(x, config, mode, Number.POSITIVE_INFINITY, applyUnit);
  const last = maps.at(-1) as tf.Tensor4D;
  const h = mode.drop(mode.norm(last, head.norm));
  const flat = tf.reshape(h, [h.shape[0], -1]) as tf.Tensor2D;
  const rows = exact(() => linear(flat, mode.weight(`${head.linear}.weight`), mode.weight(`${head.linear}.bias`)));
  return { features: mode.norm(rows, head.features), maps };
};

type ApplyUnit = (h: tf.Tensor4D, unit: Unit) => tf.Tensor4D;

/** What the units up to `last` leave, in order. */
const mapsUpTo = (
  x: tf.Tensor4D,
  config: RecognizerConfig,
  mode: Mode,
  last: number,
  applyUnit: ApplyUnit = (h, unit) => irUnit(h, unit, config, mode),
): tf.Tensor4D[] => {
  const { stem } = namesOf(config);
  const images = config.channels === 'bgr' ? tf.reverse(x, 3) : x;
  // The images themselves, and the features that come out, are not rounded: neither costs much.
  let h = activation(exact(() => mode.convNorm(images, stem.conv, stem.norm, config.stemStride)));
  h = prelu(h, mode.weight(`${stem.slopes}.weight`));
  const maps: tf.Tensor4D[] = [];
  for (const unit of unitsOf(config).slice(0, last + 1)) {
    h = applyUnit(h, unit);
    maps.push(h);
  }
  return maps;
};

/** BN, conv, BN, PReLU, conv with the stride, BN[, squeeze and excitation], plus the shortcut. */
const irUnit = (x: tf.Tensor4D, unit: Unit, config: RecognizerConfig, mode: Mode): tf.Tensor4D => {
  const names = namesOf(config).unit;
  const at = (layer: string): string => `${unit.name}.${layer}`;
  const shortcut = unit.projected
    ? mode.convNorm(x, at(names.shortcutConv), at(names.shortcutNorm), unit.stride)
    : subsample(x, unit.stride);
  let h = mode.norm(x, at(names.norm1));
  h = mode.convNorm(h, at(names.conv1), at(names.norm2), 1);
  h = prelu(h, mode.weight(`${at(names.slopes)}.weight`));
  h = mode.convNorm(h, at(names.conv2), at(names.norm3), unit.stride);
  if (config.variant !== 'ir_se') return tf.add(h, shortcut);
  const matrix = (layer: string): tf.Tensor2D => {
    const w = mode.weight(`${at(squeezeName)}.${layer}.weight`);
    return tf.reshape(w, [w.shape[2] as number, w.shape[3] as number]);
  };
  return tf.add(
    exact(() => squeezeExcite(h, matrix('fc1'), matrix('fc2'))),
    shortcut,
  );
};

const frozen = (weights: Tensors, name: string): { scale: tf.Tensor; shift: tf.Tensor } =>
  frozenAffine({
    gamma: weights[`${name}.weight`],
    beta: weights[`${name}.bias`],
    mean: required(weights, `${name}.running_mean`),
    variance: required(weights, `${name}.running_var`),
  });

const required = (tensors: Tensors, name: string): tf.Tensor => {
  const tensor = tensors[name];
  if (!tensor) throw new Error(`the recognizer's weights lack '${name}'`);
  return tensor;
};
