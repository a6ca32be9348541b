import type { Prediction } from '../diffusion/prediction.ts';

/** A denoising UNet with attention over condition tokens: DCFace's and CemiFace's, in any size. */
export interface UNetConfig {
  /** Images are `imageSize` × `imageSize`, or of this height and width. */
  readonly imageSize: number | readonly [height: number, width: number];
  /** Channels of an image, or of its latents. Default 3. */
  readonly channels?: number;
  /** Side of the pixel blocks that are moved into channels before the first convolution; 1 leaves pixels alone. */
  readonly patch: number;
  /** Channels of the first level (128 in the paper). */
  readonly base: number;
  /** Channels of each level, in units of `base` (1, 1, 2, 2, 4, 4 in the paper). A level halves the size while it is even. */
  readonly multipliers: readonly number[];
  /** Residual blocks a level on the way down; one more on the way up. */
  readonly blocks: number;
  /** Levels (from 0) with attention after each residual block; the middle always has it. */
  readonly attention: readonly number[];
  readonly headChannels: number;
  /** Groups of each group norm; lowered to a divisor where a level has fewer or odd channels. */
  readonly groups: number;
  /** Length of each condition token. */
  readonly conditionSize: number;
  /**
   * Who projects condition tokens to keys and values: one layer, shared by all attention blocks (DCFace), or each block
   * by its own; `none` for a network without tokens.
   */
  readonly conditionProjection: 'shared' | 'block' | 'none';
  /** What the output is. The network itself does not depend on it. */
  readonly prediction: Prediction;
}

/** Height, width and channels of what the network takes and gives. */
export const unetShape = ({ imageSize, channels = 3 }: UNetConfig): readonly [number, number, number] =>
  typeof imageSize === 'number' ? [imageSize, imageSize, channels] : [...imageSize, channels];

/** Heads of an attention block: one where it has fewer channels than a head should have. */
export const headsOf = (channels: number, { headChannels }: UNetConfig): number =>
  Math.max(1, Math.floor(channels / headChannels));
