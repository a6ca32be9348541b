import type { EstimateStage } from '../../../core/estimate.ts';
import { type SubjectsParams, subjectsOf } from '../../../training/estimates.ts';

interface Params extends SubjectsParams {
  readonly steps: number;
}

/** E_id looks at each identity image once, E_sty at an image of style for each image, and the UNet runs in each step. */
export const estimate: EstimateStage<Params> = ({ steps, ...params }, known) => {
  const { identities, generated, output } = subjectsOf(params, known);
  const of = (name: string): number => known.fact(params.generator, name);
  return {
    work: () => identities() * of('identity') + generated() * (of('style') + steps * of('forward')),
    outputs: { data: output },
  };
};
