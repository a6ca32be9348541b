import { inceptionFamily } from '../../artifacts/codecs/inception.ts';
import { type EstimateStage, weightsBytes } from '../../core/estimate.ts';
import { inceptionMultiplications, inceptionParameters } from '../../nn/inception/layout.ts';
import { inceptionSize } from '../../nn/inception/steps.ts';
import { parameterCount } from '../../nn/parameter.ts';

/** There is one such network. */
export const estimate: EstimateStage<object> = () => ({
  outputs: {
    weights: {
      network: () => ({ family: inceptionFamily }),
      facts: { forward: inceptionMultiplications, embedding: inceptionSize },
      bytes: () => weightsBytes(parameterCount(inceptionParameters)),
    },
  },
});
