import type { ProbeStage } from '../../../core/probe.ts';
import { samplingProbe } from '../../../training/diffusion/probes.ts';
import type { CemiFaceNetwork } from '../config.ts';
import { cemifaceMultiplications } from '../count.ts';
import { cemifaceDenoiser } from '../network.ts';
import type { DdimOptions } from './generator.ts';

interface Params extends DdimOptions {
  readonly generator: object;
}

/** A step of DDIM. */
export const probe: ProbeStage<Params> = ({ generator, batch, eta, epsilon, precision }, known) => {
  const network = known.network<CemiFaceNetwork>(generator);
  const each = cemifaceMultiplications(network);
  const sampler = { type: 'ddim', eta, epsilon } as const;
  return samplingProbe(cemifaceDenoiser(network), sampler, { count: batch, each, precision });
};
