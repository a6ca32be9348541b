import type { EstimateStage } from '../../../core/estimate.ts';
import { type SubjectsParams, subjectsOf } from '../../../training/estimates.ts';

interface Params extends SubjectsParams {
  readonly m: unknown;
  readonly steps: number;
}

/** Inquiry images are embedded once, and the denoiser runs once for each image and step. A list of m makes an image for each. */
export const estimate: EstimateStage<Params> = ({ steps, m, ...params }, known) => {
  const { fact } = known;
  const grid = Array.isArray(m) ? { images: m.length, oversample: 0 } : {};
  const { identities, generated, output } = subjectsOf({ ...params, ...grid }, known);
  const embeds = (): number =>
    fact(params.inquiries, 'images') > 0 ? identities() * fact(params.generator, 'guide') : 0;
  return {
    work: () => embeds() + generated() * steps * fact(params.generator, 'forward'),
    outputs: { data: output },
  };
};
