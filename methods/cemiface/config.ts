import type { UNetConfig } from '../../nn/unet/config.ts';

/** CemiFace's generator: DCFace's UNet, whose attention sees the identity and the wanted similarity m as tokens. */
export interface CemiFaceNetwork extends UNetConfig {
  /** Images are square, as the recognizer's are. */
  readonly imageSize: number;
  /** Length of the identity embedding (512 in the paper). */
  readonly identitySize: number;
  /** Number of tokens that F2 gives to the attention blocks. */
  readonly conditionTokens: number;
}
