import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';

/** DCFace's generator: a UNet that sees the identity of one image and the style of another. */
export interface DcFaceNetwork extends UNetConfig {
  /** Images are square, as the recognizer's are. */
  readonly imageSize: number;
  /** E_id, which is trained with the UNet; it begins as the frozen recognizer. */
  readonly identity: RecognizerConfig;
  readonly style: StyleConfig;
}

/** E_sty: statistics of patches of a frozen recognizer's map. */
export interface StyleConfig {
  /** Channels of the map. */
  readonly channels: number;
  /** Patches on a side, 3 or 5 in the paper: k² tokens, and one of the whole map. */
  readonly grid: number;
  /** Share of the map's values that are dropped in training; 0.3 in the published code. */
  readonly dropout: number;
}
