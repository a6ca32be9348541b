import type { CemiFaceNetwork } from '../../methods/cemiface/config.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import type { Tensors } from '../../nn/tf.ts';
import { cases, fillParameters } from './values.ts';

/** Sizes and settings of `second_reading.py`. */
interface SecondReading {
  readonly unet: CemiFaceNetwork;
  readonly recognizer: RecognizerConfig;
  readonly time: readonly number[];
  readonly m: readonly number[];
  readonly lambda: number;
  readonly timesteps: number;
  /** One step of `diffusion/train`: what its planner draws, and parameters of the stage. */
  readonly stage: {
    readonly rows: readonly number[];
    readonly mirrored: readonly number[];
    readonly time: readonly number[];
    readonly m: readonly number[];
    readonly noiseSeed: readonly number[];
    readonly lr: number;
    readonly weightDecay: number;
  };
}

export const second: SecondReading = cases.second;

/** The weights of its E_id. */
export const secondFrozen = (): Tensors => fillParameters(recognizerParameters(second.recognizer), 'frozen.');
