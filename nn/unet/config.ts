/** The noise predictor of CemiFace: DCFace's UNet with attention over condition tokens, in any size. */
export interface UNetConfig {
  /** Images are `imageSize` × `imageSize` × 3. */
  readonly imageSize: number;
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
  /** Length of the identity embedding (512 in the paper). */
  readonly identitySize: number;
  /** Length of C_sim = F1(m), and of each condition token. */
  readonly conditionSize: number;
  /** Number of tokens that F2 gives to the attention blocks. */
  readonly conditionTokens: number;
  /**
   * What the network's output stands for: the noise ε (the paper), or the velocity v = sqrt(ᾱ) ε − sqrt(1 − ᾱ) x_0
   * (Salimans and Ho 2022, §4), which reaches usable images after far fewer steps, since an error at a noisy time is not
   * blown up in x̂_0.
   */
  readonly prediction: 'epsilon' | 'velocity';
}
