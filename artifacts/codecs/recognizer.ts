import type { Digest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import type { Artifact } from '../codec.ts';
import type { Fields } from '../fields.ts';
import { familyFields, type WeightsMeta, weightsFields } from './weights.ts';

/** What is known of a recognizer's weights. */
export interface RecognizerMeta {
  readonly config: RecognizerConfig;
  /** Columns of the classifier; 0 where the weights have none. */
  readonly classes: number;
  /** Digest of the dataset that it was trained on; absent where that is not known. */
  readonly data?: Digest;
}

/** A recognizer's configuration as the manifest of its weights states it. */
export const recognizerNetwork = (
  config: RecognizerConfig,
): JsonObject & { readonly family: string; readonly imageSize: number | number[] } => ({
  family: 'recognizer',
  ...structuredClone(config),
  widths: [...config.widths],
  depths: [...config.depths],
  strides: [...config.strides],
  imageSize: typeof config.imageSize === 'number' ? config.imageSize : [...config.imageSize],
});

/** The configuration that `recognizerNetwork` states. @throws CemiflowError `ArtifactInvalid` */
export const recognizerConfigOf = (network: Fields): RecognizerConfig => ({
  variant: network.oneOf('variant', ['ir', 'ir_se', 'iresnet']),
  stemWidth: network.integer('stemWidth', { from: 1 }),
  stemStride: network.integer('stemStride', { from: 1 }),
  widths: network.numbers('widths'),
  depths: network.numbers('depths'),
  strides: network.numbers('strides'),
  embedding: network.integer('embedding', { from: 1 }),
  imageSize: sizeIn(network),
  dropout: network.number('dropout', { from: 0, to: 1 }),
  channels: network.oneOf('channels', ['rgb', 'bgr']),
});

/** One side of square images, or height and width. */
const sizeIn = (network: Fields): RecognizerConfig['imageSize'] => {
  if (!Array.isArray(network.json('imageSize'))) return network.integer('imageSize', { from: 1 });
  const sides = network.numbers('imageSize');
  const [height, width] = sides;
  if (sides.length === 2 && height && width && sides.every((side) => Number.isSafeInteger(side) && side > 0))
    return [height, width];
  throw network.fault('imageSize', 'one side in pixels, or height and width');
};

/** @throws CemiflowError `ArtifactInvalid` where the weights are of another network, or a field is damaged */
export const recognizerOf = (artifact: Artifact<WeightsMeta>): RecognizerMeta => {
  const config = recognizerConfigOf(familyFields(artifact, 'recognizer'));
  const more = weightsFields(artifact);
  const data = more.optional('data', (each) => each.digest('data'));
  return {
    config,
    classes: more.optional('classes', (each) => each.integer('classes')) ?? 0,
    ...(data === undefined ? {} : { data }),
  };
};
