import { inceptionFamily } from '../../artifacts/codecs/inception.ts';
import type { ProbeStage } from '../../core/probe.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { embeddingProbe, inceptionProbe } from '../../training/probes.ts';

/** A batch of images through the network that is named as the recognizer. */
export const probe: ProbeStage<{ readonly recognizer: object } & PrecisionOption> = (params, known) =>
  known.network<{ readonly family?: string }>(params.recognizer).family === inceptionFamily
    ? inceptionProbe(params)
    : embeddingProbe(params, known);
