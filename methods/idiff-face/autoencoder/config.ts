/** The autoencoder of latent diffusion (Rombach et al. 2022): latents are vectors, of which the decoder sees the nearest codes. */
export interface AutoencoderConfig {
  /** Channels of the first level (128 in the published one). */
  readonly base: number;
  /** Channels of each level, in units of `base` (1, 2, 4). Every level but the first halves the size. */
  readonly multipliers: readonly number[];
  /** Residual blocks a level in the encoder; one more in the decoder. */
  readonly blocks: number;
  /** Groups of each group norm; lowered to a divisor where a level has fewer or odd channels. */
  readonly groups: number;
  /** Channels of the latents, and length of a code (3). */
  readonly channels: number;
  /** Codes of the codebook (8,192). */
  readonly codes: number;
}

/** f, the side of the square of pixels that one latent stands for. */
export const downsampling = ({ multipliers }: Pick<AutoencoderConfig, 'multipliers'>): number =>
  2 ** (multipliers.length - 1);
