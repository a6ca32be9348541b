import { imageBytes, type Known, type OutputEstimate, weightsBytes } from '../core/estimate.ts';
import { parameterCount } from '../nn/parameter.ts';
import { imageSides, type RecognizerConfig } from '../nn/recognizer/config.ts';
import { multiplications, recognizerParameters } from '../nn/recognizer/layout.ts';
import type { GridOptions } from './diffusion/method.ts';

/** Height and width of the images that a network of this size takes: one side where they are square. */
export const sidesOf = (data: unknown, { fact }: Known): RecognizerConfig['imageSize'] => {
  const [height, width] = [fact(data, 'height'), fact(data, 'width')];
  return height === width ? height : [height, width];
};

/**
 * What is known of a recognizer's weights.
 *
 * @param classes of its classifier; default none
 */
export const recognizerOutput = (config: () => RecognizerConfig, classes: () => number = () => 0): OutputEstimate => ({
  network: config,
  facts: {
    forward: () => multiplications(config()),
    embedding: () => config().embedding,
    height: () => imageSides(config())[0],
    width: () => imageSides(config())[1],
  },
  bytes: () => weightsBytes(parameterCount(recognizerParameters(config())) + config().embedding * classes()),
});

/** Embedding a set's images for a training, once before it begins, and the mirror images as well where these are shown too. */
export const embedded = (
  { data, recognizer }: { readonly data: unknown; readonly recognizer: unknown },
  mirrored: boolean,
  { fact }: Known,
): number => fact(data, 'images') * fact(recognizer, 'forward') * (mirrored ? 2 : 1);

/** Passes of images through the denoiser that the grids of samples of a training take; what else they take is little beside these. */
export const gridPasses = ({ samples }: { readonly samples: GridOptions | null }): number =>
  samples ? samples.grids * samples.identities * samples.images * samples.steps : 0;

/** A generator: what one pass for one image and step multiplies, what else it does for each image, and how large its images are. */
export interface GeneratorCosts {
  readonly network: () => object;
  readonly forward: () => number;
  readonly values: () => number;
  readonly side: () => number;
  /** Other numbers that sampling needs, by name. */
  readonly others?: { readonly [name: string]: () => number };
}

/** What is known of a generator's weights. */
export const generatorOutput = ({ network, forward, values, side, others }: GeneratorCosts): OutputEstimate => ({
  network,
  facts: { forward, height: side, width: side, ...others },
  bytes: () => weightsBytes(values()),
});

/** A set that is generated around inquiries. */
export interface SubjectsParams {
  readonly generator: object;
  readonly inquiries: object;
  /** 0: all. */
  readonly identities: number;
  /** Left out at the front. */
  readonly skip: number;
  readonly images: number;
  readonly oversample: number;
}

/** How many people and images such a set has, and what it takes. */
export const subjectsOf = (
  { generator, inquiries, identities: wanted, skip, images, oversample }: SubjectsParams,
  { fact }: Known,
) => {
  const identities = (): number => wanted || fact(inquiries, 'identities') - skip;
  const generated = (): number => identities() * images;
  const all = (): number => identities() * (images + oversample);
  const imageSize = (): number => imageBytes('png', fact(generator, 'height'), fact(generator, 'width'));
  const output: OutputEstimate = {
    facts: {
      ...{ identities, images: all, imageSize },
      height: () => fact(generator, 'height'),
      width: () => fact(generator, 'width'),
    },
    bytes: () => all() * imageSize(),
  };
  return { identities, generated, output };
};
