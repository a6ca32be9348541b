import type { ArtifactRef } from '../../../core/artifact.ts';
import type { Digest } from '../../../core/digest.ts';
import { CemiflowError } from '../../../core/errors.ts';
import type { ArtifactStore } from '../../../core/stage.ts';
import { tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { Sampler, withSampler } from '../../../training/diffusion/sample.ts';
import { getWeights } from '../../../training/recognizer.ts';
import { type CemiFaceNetwork, cemifaceDenoiser } from '../network.ts';

/** What the weights of `diffusion/train` say about themselves. */
interface GeneratorMeta {
  readonly network: CemiFaceNetwork;
  readonly timesteps: number;
  /** Digest of E_id's weights. */
  readonly recognizer: Digest;
}

/** @throws CemiflowError `NotAGenerator` where the weights are of another network */
export const generatorMeta = async (store: ArtifactStore, generator: ArtifactRef): Promise<GeneratorMeta> => {
  const { meta } = await store.getArtifact(generator);
  const { family } = (meta.network ?? {}) as { family?: string };
  if (family === 'unet') return meta as unknown as GeneratorMeta;
  throw new CemiflowError('NotAGenerator', `weights of a UNet are required, got ${family ?? 'others'}`, {
    remedy: 'give the weights of a diffusion/train stage',
    data: { artifact: generator.digest },
  });
};

/** Runs `body` with CemiFace's sampler, DDIM with eta 0. */
export const withCemiFace = <R>(
  store: ArtifactStore,
  generator: ArtifactRef,
  { steps, batch }: { readonly steps: number; readonly batch: number },
  body: (sampler: Sampler) => Promise<R>,
): Promise<R> => {
  const load = async (): Promise<Sampler> => {
    const { network, timesteps } = await generatorMeta(store, generator);
    const denoiser = cemifaceDenoiser(network);
    const weights = fromSafetensors(await getWeights(store, generator), denoiser.parameters);
    try {
      return new Sampler(weights, denoiser, { timesteps, steps, batch, sampler: { type: 'ddim', eta: 0 } });
    } finally {
      tf.dispose(weights);
    }
  };
  return withSampler(`cemiface ${generator.digest} ${steps} ${batch}`, load, body);
};
