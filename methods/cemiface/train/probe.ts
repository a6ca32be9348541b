import { passedThrough, trained } from '../../../core/estimate.ts';
import type { ProbeStage } from '../../../core/probe.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import { initialise } from '../../../nn/parameters.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { type RecognizerConfig, squareSide } from '../../../nn/recognizer/config.ts';
import { multiplications, recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { trainingProbe } from '../../../training/diffusion/probes.ts';
import type { CemiFaceNetwork } from '../config.ts';
import { cemifaceMultiplications } from '../count.ts';
import { cemifaceLoss, type SimilarityMeasure } from '../loss.ts';
import { cemifaceDenoiser } from '../network.ts';

interface Params extends PrecisionOption {
  readonly recognizer: object;
  readonly network: Omit<CemiFaceNetwork, 'imageSize' | 'identitySize'>;
  readonly similarity: { readonly measure: SimilarityMeasure };
  readonly batch: number;
  /** 0: the whole batch. */
  readonly microBatch: number;
  readonly recompute: boolean;
  readonly lambda: number;
  readonly timesteps: number;
}

/** The gradient passes through the frozen recognizer too, here one of random weights. */
export const probe: ProbeStage<Params> = (params, known) => {
  const { lambda, timesteps, similarity, recompute, precision } = params;
  const config = known.network<RecognizerConfig>(params.recognizer);
  const network = { ...params.network, imageSize: squareSide(config), identitySize: config.embedding };
  const denoiser = cemifaceDenoiser(network, { recompute });
  const loss = cemifaceLoss({
    ...{ denoiser, lambda, timesteps, measure: similarity.measure },
    embed: (frozen, images) => embed(frozen, images, config),
  });
  const frozen = initialise(recognizerParameters(config), 1);
  const each = trained(cemifaceMultiplications(network), params) + passedThrough(multiplications(config));
  return trainingProbe({ denoiser, loss, frozen }, { count: params.microBatch || params.batch, each, precision });
};
