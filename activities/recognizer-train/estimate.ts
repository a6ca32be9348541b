import { type EstimateStage, imagesSeen, trained } from '../../core/estimate.ts';
import { type Preset, type RecognizerConfig, recognizerConfig } from '../../nn/recognizer/config.ts';
import { multiplications } from '../../nn/recognizer/layout.ts';
import { recognizerOutput, sidesOf } from '../../training/estimates.ts';

interface Params {
  readonly data: object;
  readonly second: { readonly data: object; readonly use: 'beside' | 'blended'; readonly share: number } | null;
  readonly network: { readonly preset: Preset } & Partial<Omit<RecognizerConfig, 'imageSize'>>;
  readonly epochs: number;
  readonly batch: number;
  readonly recompute: boolean;
  readonly validation?: object;
  readonly validateEvery: number;
}

/** Every image in every epoch, and the classifier over all people; validation embeds images and mirror images. */
export const estimate: EstimateStage<Params> = (params, known) => {
  const { data, second, batch, epochs, validation, validateEvery } = params;
  const { fact } = known;
  const config = (): RecognizerConfig => {
    const { preset, ...values } = params.network;
    return recognizerConfig(preset, { ...values, imageSize: sidesOf(data, known) });
  };
  const classes = (): number => fact(data, 'identities') + (second ? fact(second.data, 'identities') : 0);
  const seen = (): number => {
    const share = second?.use === 'beside' ? second.share : 0;
    const own = imagesSeen(fact(data, 'images'), { batch: Math.round(batch * (1 - share)), epochs });
    return own / (1 - share);
  };
  const validated = (): number =>
    validation ? Math.ceil(epochs / validateEvery) * fact(validation, 'images') * 2 * multiplications(config()) : 0;
  return {
    work: () =>
      seen() * (trained(multiplications(config()), params) + trained(config().embedding * classes())) + validated(),
    outputs: { weights: recognizerOutput(config, classes) },
  };
};
