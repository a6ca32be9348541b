import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly recognizer: object;
  readonly benchmarks: object;
}

/** Every image and its mirror image are embedded. */
export const estimate: EstimateStage<Params> = ({ recognizer, benchmarks }, { fact }) => ({
  work: () => 2 * fact(benchmarks, 'images') * fact(recognizer, 'forward'),
  outputs: {},
});
