import type { ProbeStage } from '../../../core/probe.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import type { EpsilonKind, SamplerKind } from '../../../nn/diffusion/steps.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { unetMultiplications } from '../../../nn/unet/count.ts';
import { samplingProbe } from '../../../training/diffusion/probes.ts';
import { ddpmDenoiser, unconditional } from '../network.ts';

interface Params extends PrecisionOption {
  readonly generator: object;
  readonly sampler: SamplerKind['type'];
  readonly eta: number;
  readonly epsilon: EpsilonKind;
  readonly batch: number;
}

/** A step of the sampler. */
export const probe: ProbeStage<Params> = ({ generator, sampler: type, eta, epsilon, batch, precision }, known) => {
  const network = { ...known.network<UNetConfig>(generator), ...unconditional };
  const sampler: SamplerKind = type === 'ancestral' ? { type } : { type, eta, epsilon };
  const each = unetMultiplications(network);
  return samplingProbe(ddpmDenoiser(network), sampler, { count: batch, each, precision });
};
