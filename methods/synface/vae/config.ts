/** A variational autoencoder of faces, conditioned on who is shown (Sohn et al. 2015). */
export interface VaeConfig {
  /** Side of the images, in pixels; divisible by `downsampling`. */
  readonly imageSize: number;
  /** Side of the squares of pixels that are moved into channels before the first convolution, and back after the last. */
  readonly patch: number;
  /** Channels of the first level. */
  readonly base: number;
  /** Channels of each level, in units of `base`. Every level but the first halves the size. */
  readonly multipliers: readonly number[];
  /** Residual blocks of each level of the decoder. */
  readonly blocks: number;
  /** Groups of each group norm; lowered to a divisor where a level has fewer or odd channels. */
  readonly groups: number;
  /** Width of the layers that join the image, or the latent, with the identity. */
  readonly hidden: number;
  /** Length of the latent z: all that an image shows beside the identity. */
  readonly latent: number;
  /** Length of the condition c. */
  readonly identitySize: number;
}

/** The side of the square of pixels that one place of the smallest map stands for. */
export const downsampling = ({ patch, multipliers }: Pick<VaeConfig, 'patch' | 'multipliers'>): number =>
  patch * 2 ** (multipliers.length - 1);

/** Height, width and channels of the smallest map. */
export const smallestMap = (config: VaeConfig): readonly [number, number, number] => {
  const side = config.imageSize / downsampling(config);
  return [side, side, config.base * (config.multipliers.at(-1) as number)];
};
