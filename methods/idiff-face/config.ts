import type { AutoencoderConfig } from './autoencoder/config.ts';
import type { ContextUNet } from './unet/config.ts';

/** IDiff-Face's generator: a UNet in the latents of a frozen autoencoder. */
export interface IDiffFaceNetwork extends ContextUNet {
  /** Images are square, as the recognizer's are. */
  readonly imageSize: number;
  /**
   * Factor on latents before noise is added: 1 in the publication. The inverse of their deviation fits them to a schedule that was
   * made for values of order one, as latent diffusion does.
   */
  readonly latentScale: number;
  readonly autoencoder: AutoencoderConfig;
}
