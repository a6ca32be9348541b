import { passedThrough, trained } from '../../../core/estimate.ts';
import type { ProbeStage } from '../../../core/probe.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import { initialise } from '../../../nn/parameters.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { multiplications, recognizerParameters } from '../../../nn/recognizer/layout.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { trainingProbe } from '../../../training/diffusion/probes.ts';
import { conditionStatistics } from '../condition.ts';
import type { StyleConfig } from '../config.ts';
import { dcfaceMultiplications, identityMultiplications, styleMultiplications } from '../count.ts';
import { dcfaceNetwork } from '../estimates.ts';
import { dcfaceLoss } from '../loss.ts';
import { dcfaceDenoiser } from '../network.ts';
import { styleMap } from '../style.ts';

interface Params extends PrecisionOption {
  readonly recognizer: object;
  readonly network: Omit<UNetConfig, 'imageSize' | 'conditionSize'>;
  readonly style: Omit<StyleConfig, 'channels'>;
  readonly batch: number;
  /** 0: the whole batch. */
  readonly microBatch: number;
  readonly recompute: boolean;
  readonly lambda: number;
  readonly timesteps: number;
}

/** E_id and the frozen recognizer are of random weights here. */
export const probe: ProbeStage<Params> = (params, known) => {
  const { batch, microBatch, recompute, lambda, timesteps, precision } = params;
  const network = dcfaceNetwork(params.network, params.style, params.recognizer, known);
  const { identity } = network;
  const denoiser = dcfaceDenoiser(network, { recompute });
  const loss = dcfaceLoss({
    ...{ network, denoiser, lambda, timesteps },
    embed: (frozen, images) => embed(frozen, images, identity),
    styleMap: (frozen, images) => styleMap(frozen, images, identity),
  });
  const method = {
    ...{ denoiser, loss, frozen: initialise(recognizerParameters(identity), 1) },
    statistics: initialise(conditionStatistics(network), 1),
    reads: { identityImages: denoiser.shape, own: [identity.embedding], subject: [identity.embedding] },
  };
  const each =
    trained(dcfaceMultiplications(network), params) +
    trained(identityMultiplications(network)) +
    styleMultiplications(network) +
    passedThrough(multiplications(identity));
  return trainingProbe(method, { count: microBatch || batch, each, precision });
};
