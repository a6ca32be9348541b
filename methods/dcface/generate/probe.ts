import type { ProbeStage } from '../../../core/probe.ts';
import { samplingProbe } from '../../../training/diffusion/probes.ts';
import type { DcFaceNetwork } from '../config.ts';
import { dcfaceMultiplications } from '../count.ts';
import { dcfaceDenoiser } from '../network.ts';
import type { DdimOptions } from './generator.ts';

interface Params extends DdimOptions {
  readonly generator: object;
}

/** A step of DDIM, the condition given. */
export const probe: ProbeStage<Params> = ({ generator, batch, eta, epsilon, precision }, known) => {
  const network = known.network<DcFaceNetwork>(generator);
  const each = dcfaceMultiplications(network);
  return samplingProbe(dcfaceDenoiser(network), { type: 'ddim', eta, epsilon }, { count: batch, each, precision });
};
