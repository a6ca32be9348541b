import { type EstimateStage, FactUnknown } from '../../core/estimate.ts';
import { type Preset, type RecognizerConfig, recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerOutput } from '../../training/estimates.ts';

interface Params {
  readonly network: { readonly preset: Preset | 'auto' } & Partial<Omit<RecognizerConfig, 'channels'>>;
}

/** The network that is named; with `auto` the file alone could say which it is. */
export const estimate: EstimateStage<Params> = ({ network: { preset, ...values } }) => ({
  outputs: {
    weights: recognizerOutput(() => {
      if (preset === 'auto') throw new FactUnknown('network.preset', 'the imported file');
      return recognizerConfig(preset, values);
    }),
  },
});
