import type { Probe, ProbeStage } from '../core/probe.ts';
import { compileFunction } from '../nn/compile/index.ts';
import type { PrecisionOption } from '../nn/compile/precision.ts';
import { inceptionMultiplications, inceptionParameters } from '../nn/inception/layout.ts';
import { inceptionFeatures } from '../nn/inception/network.ts';
import { inceptionSide } from '../nn/inception/steps.ts';
import { initialise } from '../nn/parameters.ts';
import { imageSides, type RecognizerConfig } from '../nn/recognizer/config.ts';
import { multiplications, recognizerParameters } from '../nn/recognizer/layout.ts';
import { embedView } from '../nn/recognizer/view.ts';
import { type Tensors, tf } from '../nn/tf.ts';

/** Enough to keep a machine busy, and a quarter of what `Embedder` takes, so that a large network on a slow machine comes to an end. */
const embeddedAtOnce = 32;

/** Noise in the place of images. @returns float32 [count, H, W, 3] in [-1, 1], the caller's */
export const noiseImages = (count: number, config: Pick<RecognizerConfig, 'imageSize'>): tf.Tensor4D =>
  tf.randomUniform([count, ...imageSides(config), 3], -1, 1, 'float32', 1);

/** A batch of images through a recognizer of random weights: the work of kinds that embed with their `recognizer`. */
export const embeddingProbe: ProbeStage<{ readonly recognizer: object } & PrecisionOption> = (
  { recognizer, precision },
  { network },
): Probe => {
  const config = network<RecognizerConfig>(recognizer);
  return probeOf({
    weights: initialise(recognizerParameters(config), 1),
    images: noiseImages(embeddedAtOnce, config),
    rows: (weights, images) => embedView(weights, images, config, 'plain'),
    multiplications: multiplications(config),
    precision,
  });
};

/** A batch of images through the FID's network with random weights. */
export const inceptionProbe = ({ precision }: PrecisionOption): Probe =>
  probeOf({
    weights: initialise(inceptionParameters, 1),
    images: noiseImages(embeddedAtOnce, { imageSize: inceptionSide }),
    rows: inceptionFeatures,
    multiplications: inceptionMultiplications(),
    precision,
  });

interface Probed extends PrecisionOption {
  readonly weights: Tensors;
  readonly images: tf.Tensor4D;
  rows(weights: Tensors, images: tf.Tensor4D): tf.Tensor2D;
  /** For one image. */
  readonly multiplications: number;
}

/** @param probed its weights are disposed, its images with the probe */
const probeOf = ({ weights, images, rows, multiplications: each, precision }: Probed): Probe => {
  const embed = compileFunction(
    (w, inputs) => ({ rows: rows(w, inputs.images as tf.Tensor4D) }),
    weights,
    { images },
    { precision },
  );
  tf.dispose(weights);
  return {
    multiplyAdds: images.shape[0] * each,
    run: () => {
      const made = embed.run({ images });
      (made.rows as tf.Tensor).dataSync();
      tf.dispose(made);
    },
    dispose: () => {
      tf.dispose(images);
      embed.dispose();
    },
  };
};
