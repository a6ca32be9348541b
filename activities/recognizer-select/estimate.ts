import type { EstimateStage } from '../../core/estimate.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerOutput } from '../../training/estimates.ts';

interface Params {
  readonly recognizers: readonly { readonly artifact: object }[];
}

/** The chosen one is like the first, as networks of one matrix mostly are; its files are there already. */
export const estimate: EstimateStage<Params> = ({ recognizers: [first] }, { network }) => ({
  outputs: { weights: { ...recognizerOutput(() => network<RecognizerConfig>(first?.artifact)), bytes: 0 } },
});
