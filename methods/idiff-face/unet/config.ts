import type { Prediction } from '../../../nn/diffusion/prediction.ts';

/** IDiff-Face's denoising UNet: residual blocks that see the time, and transformer blocks that see the context. */
export interface ContextUNet {
  /** Side and channels of the latents. */
  readonly side: number;
  readonly channels: number;
  /** Channels of the first level (96 in the paper). */
  readonly base: number;
  /** Channels of each level, in units of `base` (1, 2, 4, 8). A level halves the size while it is even. */
  readonly multipliers: readonly number[];
  /** Residual blocks a level on the way down; one more on the way up. */
  readonly blocks: number;
  /** Levels (from 0) with attention after each residual block; the middle always has it. */
  readonly attention: readonly number[];
  readonly headChannels: number;
  /** Groups of each group norm; lowered to a divisor where a level has fewer or odd channels. */
  readonly groups: number;
  /** Length of the identity embedding (512). */
  readonly identitySize: number;
  /** Length of the context, and of each of its tokens (256). */
  readonly conditionSize: number;
  /** Tokens that each attention block makes of the context (32). */
  readonly conditionTokens: number;
  /** What the output is. The network itself does not depend on it. */
  readonly prediction: Prediction;
}

/** Heads of an attention block: one where it has fewer channels than a head should have. */
export const headsOf = (channels: number, { headChannels }: Pick<ContextUNet, 'headChannels'>): number =>
  Math.max(1, Math.floor(channels / headChannels));
