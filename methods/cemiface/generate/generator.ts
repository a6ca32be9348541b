import { readWeights, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import type { EpsilonKind } from '../../../nn/diffusion/steps.ts';
import { tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { Sampler, withSampler } from '../../../training/diffusion/sample.ts';
import { cemifaceDenoiser } from '../network.ts';
import { generatorMetaOf } from '../weights.ts';

/** How DDIM samples, as the parameters of `diffusion/generate` say. */
export interface DdimOptions extends PrecisionOption {
  readonly steps: number;
  readonly batch: number;
  readonly eta: number;
  readonly epsilon: EpsilonKind;
}

/** Runs `body` with CemiFace's sampler. */
export const withCemiFace = <R>(
  store: ArtifactStore,
  generator: ArtifactRef,
  { steps, batch, eta, epsilon, precision }: DdimOptions,
  body: (sampler: Sampler) => Promise<R>,
): Promise<R> => {
  const load = async (): Promise<Sampler> => {
    const artifact = await weightsCodec.read(store, generator);
    const { network, timesteps, snrFactor } = generatorMetaOf(artifact);
    const denoiser = cemifaceDenoiser(network);
    const weights = fromSafetensors(await readWeights(store, artifact), denoiser.parameters);
    try {
      return new Sampler(weights, denoiser, {
        timesteps,
        snrFactor,
        steps,
        batch,
        precision,
        sampler: { type: 'ddim', eta, epsilon },
      });
    } finally {
      tf.dispose(weights);
    }
  };
  return withSampler(`cemiface ${generator.digest} ${steps} ${batch} ${eta} ${epsilon} ${precision}`, load, body);
};
