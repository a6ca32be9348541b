import type { CemiFaceNetwork } from '../../methods/cemiface/config.ts';
import type { Precision } from '../../nn/compile/index.ts';
import { type RecognizerConfig, recognizerConfig } from '../../nn/recognizer/config.ts';

interface Shared {
  /** Images of a batch. */
  readonly batch: number;
  /** How often the work is done in one repetition; default 1. */
  readonly times?: number;
  /** Of convolutions and products; weights, optimizer and losses are float32 in both. Default `float32`. */
  readonly precision?: Precision;
}

/** The same work for both sides: `ours.ts` and `bench/peers/tensors.py` take it as JSON. */
export type Task = Shared &
  (
    | {
        readonly task: 'diffusion/train';
        readonly network: CemiFaceNetwork;
        readonly recognizer: RecognizerConfig;
        readonly microBatch?: number;
        readonly recompute?: boolean;
      }
    | { readonly task: 'diffusion/sample'; readonly network: CemiFaceNetwork; readonly steps: number }
    | {
        readonly task: 'recognizer/train';
        readonly recognizer: RecognizerConfig;
        readonly classes: number;
        readonly microBatch?: number;
        readonly recompute?: boolean;
      }
    | { readonly task: 'recognizer/embed'; readonly recognizer: RecognizerConfig; readonly images: number }
  );

/** CemiFace's generator. */
export const paperUnet: CemiFaceNetwork = {
  imageSize: 112,
  patch: 1,
  base: 128,
  multipliers: [1, 1, 2, 2, 4, 4],
  blocks: 1,
  attention: [4],
  headChannels: 64,
  groups: 32,
  identitySize: 512,
  conditionSize: 512,
  conditionProjection: 'shared',
  identityScale: 1,
  conditionTokens: 1,
  prediction: 'epsilon',
};

/** Those of `pipelines/quickstart.yaml`. */
export const quickstartUnet: CemiFaceNetwork = {
  imageSize: 32,
  patch: 2,
  base: 32,
  multipliers: [1, 2, 2],
  blocks: 1,
  attention: [1, 2],
  headChannels: 32,
  groups: 8,
  identitySize: 128,
  conditionSize: 128,
  conditionProjection: 'shared',
  identityScale: 1,
  conditionTokens: 4,
  prediction: 'velocity',
};
export const quickstartRecognizer = recognizerConfig('small', { imageSize: 32 });
