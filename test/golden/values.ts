import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import type { CemiFaceNetwork } from '../../methods/cemiface/config.ts';
import { cemifaceLoss } from '../../methods/cemiface/loss.ts';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import type { DiffusionLoss } from '../../nn/diffusion/train-step.ts';
import { unitRows } from '../../nn/layers/unit-rows.ts';
import { initialise, type Parameter } from '../../nn/parameters.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { fromSafetensors, type StoredParameter, toSafetensors } from '../../nn/weights.ts';

/** Sizes and settings that `make.py` computed the golden values with. */
export const cases = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));

/** Values by name, in PyTorch's layout. */
export type Values = Record<string, ArrayLike<number>>;

/** float32 in [offset − scale, offset + scale) as a function of the name alone, as `values.py` makes them. */
export const fill = (name: string, shape: readonly number[], scale = 1, offset = 0): Float32Array => {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(name)) state = Math.imul(state ^ byte, 0x01000193);
  return Float32Array.from({ length: product(shape) }, (_, i) => {
    let x = (state + Math.imul(i, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    return ((x >>> 0) / 2 ** 31 - 1) * scale + offset;
  });
};

/** A network's parameters and running statistics as `fill_parameter` in `values.py` makes them. */
export const fillParameters = (parameters: readonly StoredParameter[], prefix = ''): Tensors =>
  tf.tidy(() => {
    const stored = toSafetensors(initialise(parameters, 0), parameters);
    const filled = Object.entries(stored).map(([name, { shape }]) => {
      return [name, { dtype: 'F32', shape, data: fillParameter(prefix + name, shape) }];
    });
    return fromSafetensors(Object.fromEntries(filled), parameters);
  });

const fillParameter = (name: string, shape: number[]): Float32Array => {
  if (shape.length > 1) return fill(name, shape, Math.sqrt(3 / product(shape.slice(1))));
  if (name.endsWith('running_var')) return fill(name, shape, 0.5, 1);
  return name.endsWith('weight') ? fill(name, shape, 0.4, 0.6) : fill(name, shape, 0.2);
};

/** An image or feature map of PyTorch's shape [B, C, H, W]. @returns float32 [B, H, W, C] */
export const fillMap = (name: string, shape: number[], scale = 1, offset = 0): tf.Tensor4D =>
  tf.tidy(() => tf.transpose(fillTensor(name, shape, scale, offset), [0, 2, 3, 1]) as tf.Tensor4D);

export const fillTensor = (name: string, shape: number[], scale = 1, offset = 0): tf.Tensor =>
  tf.tensor(fill(name, shape, scale, offset), shape);

/** float32 [B, H, W, C] as values in the order B, C, H, W. */
export const mapValues = (x: tf.Tensor): Float32Array =>
  tf.tidy(() => tf.transpose(x, [0, 3, 1, 2]).dataSync() as Float32Array as never) as unknown as Float32Array;

/** Tensors of a network, as files hold them. */
export const storedValues = (tensors: Tensors, parameters: readonly Parameter[], prefix = ''): Values =>
  Object.fromEntries(
    Object.entries(toSafetensors(tensors, parameters)).map(([name, { data }]) => [`${prefix}${name}`, data]),
  );

/** What `make.py` wrote to one file, or the part of it under `prefix/`. */
export const golden = (file: string, prefix?: string): Values => {
  const stored = decodeSafetensors(readFileSync(new URL(`${file}.safetensors`, import.meta.url)));
  const start = prefix === undefined ? '' : `${prefix}/`;
  return Object.fromEntries(
    Object.entries(stored)
      .filter(([name]) => name.startsWith(start))
      .map(([name, { data }]) => [name.slice(start.length), data as Float32Array]),
  );
};

/**
 * Every golden value must be there, and differ by at most `limit` of the largest magnitude in its tensor. (Tensors that
 * are nearly zero, such as the gradient of a bias before a normalisation, are held to a hundredth of the largest of all.)
 */
export const expectGolden = (found: Values, wanted: Values, limit: number): void => {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  const magnitudes = Object.values(wanted).map(largest);
  const floor = Math.max(...magnitudes) / 100;
  Object.entries(wanted).forEach(([name, values], i) => {
    const got = found[name] as ArrayLike<number>;
    expect(got.length, name).toBe(values.length);
    const apart = largest(Float64Array.from(values, (value, k) => (got[k] as number) - value));
    expect(apart / Math.max(magnitudes[i] as number, floor), name).toBeLessThan(limit);
  });
};

const largest = (values: ArrayLike<number>): number => {
  let most = 0;
  // A NaN stays one, and fails the comparison.
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] as number));
  return most;
};

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Identity embeddings float32 [3, 6], unit rows. */
export const identities = (): tf.Tensor2D => unitRows(fillTensor('identity', [3, 6]));

/** The frozen recognizer of the diffusion loss. */
export const frozenRecognizer = (): { config: RecognizerConfig; weights: Tensors } => {
  const config: RecognizerConfig = { ...cases.smallRecognizer, variant: 'ir' };
  return { config, weights: fillParameters(recognizerParameters(config), 'frozen.') };
};

/** The batch of the diffusion loss, all but its noise. */
export const diffusionBatch = (): Tensors => ({
  images: fillMap('images', [3, 3, 14, 14]),
  identity: identities(),
  time: tf.tensor1d(cases.time),
  alphaBar: tf.tensor1d(cases.alphaBar),
  m: tf.tensor1d(cases.m),
});

/** CemiFace's loss with that frozen recognizer. */
export const goldenLoss = (network: CemiFaceNetwork, recognizer: RecognizerConfig): DiffusionLoss =>
  cemifaceLoss({
    denoiser: cemifaceDenoiser(network),
    embed: (frozen, images) => embed(frozen, images, recognizer),
    measure: 'cosine',
    lambda: cases.lambda,
    timesteps: 1000,
  });
