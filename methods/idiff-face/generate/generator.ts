import { readWeights, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import type { SamplerKind } from '../../../nn/diffusion/steps.ts';
import { tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { Sampler, withSampler } from '../../../training/diffusion/sample.ts';
import { decoderParameters } from '../autoencoder/layers.ts';
import { loadAutoencoder } from '../autoencoder/weights.ts';
import { decoderWeights, idiffFaceDenoiser } from '../network.ts';
import { generatorMetaOf } from '../weights.ts';

/** How `idiff-face/generate` samples. */
export interface SamplingParams extends PrecisionOption {
  readonly sampler: SamplerKind['type'];
  readonly steps: number;
  readonly eta: number;
  readonly batch: number;
}

/** Runs `body` with IDiff-Face's sampler. */
export const withIDiffFace = <R>(
  store: ArtifactStore,
  generator: ArtifactRef,
  params: SamplingParams,
  body: (sampler: Sampler) => Promise<R>,
): Promise<R> => {
  const { sampler, steps, eta, batch, precision } = params;
  const key = `idiff-face ${generator.digest} ${sampler} ${steps} ${eta} ${batch} ${precision}`;
  return withSampler(key, () => load(store, generator, params), body);
};

const load = async (
  store: ArtifactStore,
  generator: ArtifactRef,
  { sampler: type, steps, eta, batch, precision }: SamplingParams,
): Promise<Sampler> => {
  const artifact = await weightsCodec.read(store, generator);
  const { network, timesteps, snrFactor, autoencoder: digest } = generatorMetaOf(artifact);
  const decoder = await loadAutoencoder(store, { type: 'weights', digest }, decoderParameters);
  const given = { ...decoderWeights(decoder.weights) };
  try {
    const denoiser = idiffFaceDenoiser({ ...network, autoencoder: decoder.config });
    Object.assign(given, fromSafetensors(await readWeights(store, artifact), denoiser.parameters));
    // Latents are not clipped, so that the noise of a DDIM step is the network's own in either reading.
    const sampler: SamplerKind = type === 'ancestral' ? { type } : { type, eta, epsilon: 'network' };
    return new Sampler(given, denoiser, { timesteps, snrFactor, steps, batch, precision, sampler });
  } finally {
    tf.dispose(given);
  }
};
