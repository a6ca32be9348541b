import type { UNetConfig } from '../../nn/unet/config.ts';

/** CemiFace's generator: DCFace's UNet, whose attention sees the identity and the wanted similarity m as tokens. */
export interface CemiFaceNetwork extends UNetConfig {
  /** Images are square, as the recognizer's are. */
  readonly imageSize: number;
  /** Length of the identity embedding (512 in the paper). */
  readonly identitySize: number;
  /**
   * Factor on C_id before F2: 1 in the paper. The root of `identitySize` makes the entries of a unit vector of order one,
   * as those of C_sim are.
   */
  readonly identityScale: number;
  /** Number of tokens that F2 gives to the attention blocks. */
  readonly conditionTokens: number;
}
