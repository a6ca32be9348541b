import { trained } from '../../../core/estimate.ts';
import type { ProbeStage } from '../../../core/probe.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { unetMultiplications } from '../../../nn/unet/count.ts';
import { trainingProbe } from '../../../training/diffusion/probes.ts';
import { ddpmLoss } from '../loss.ts';
import { ddpmDenoiser, unconditional } from '../network.ts';

interface Params extends PrecisionOption {
  readonly data: object;
  readonly network: Omit<UNetConfig, 'imageSize' | 'conditionSize' | 'conditionProjection'>;
  readonly batch: number;
  /** 0: the whole batch. */
  readonly microBatch: number;
  readonly recompute: boolean;
}

/** Nothing runs beside the UNet. */
export const probe: ProbeStage<Params> = (params, { fact }) => {
  const network = { ...params.network, imageSize: fact(params.data, 'height'), ...unconditional };
  const { batch, microBatch, recompute, precision } = params;
  const denoiser = ddpmDenoiser(network, { recompute });
  const each = trained(unetMultiplications(network), params);
  return trainingProbe(
    { denoiser, loss: ddpmLoss(denoiser), frozen: {} },
    { count: microBatch || batch, each, precision },
  );
};
