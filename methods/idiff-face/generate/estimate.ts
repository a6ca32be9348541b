import type { EstimateStage } from '../../../core/estimate.ts';
import { type SubjectsParams, subjectsOf } from '../../../training/estimates.ts';

interface Params extends SubjectsParams {
  readonly steps: number;
}

/** Inquiry images are embedded once; the UNet runs in each step, and the decoder once for each image. */
export const estimate: EstimateStage<Params> = ({ steps, ...params }, known) => {
  const { identities, generated, output } = subjectsOf(params, known);
  const of = (name: string): number => known.fact(params.generator, name);
  const embeds = (): number => (known.fact(params.inquiries, 'images') > 0 ? identities() * of('guide') : 0);
  return {
    work: () => embeds() + generated() * (steps * of('forward') + of('decode')),
    outputs: { data: output },
  };
};
