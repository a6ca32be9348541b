import { describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { unetParameters } from '../../../nn/unet/layout.ts';
import { unet } from '../../../nn/unet/unet.ts';
import { expectGolden, fillMap, fillParameters, fillTensor, storedValues } from '../../golden/values.ts';

describe('blocks that run again on the way back', () => {
  it.each(['shared', 'block'] as const)('give the same gradients, condition projection: %s', (conditionProjection) => {
    const config: UNetConfig = {
      ...{
        imageSize: 8,
        patch: 1,
        base: 4,
        multipliers: [1, 2],
        blocks: 1,
        attention: [1],
        headChannels: 4,
        groups: 2,
      },
      ...{ conditionSize: 6, conditionProjection, prediction: 'epsilon' },
    };
    const parameters = unetParameters(config);
    const weights = { ...fillParameters(parameters), tokens: fillTensor('tokens', [2, 3, 6]) };
    const x = fillMap('x', [2, 3, 8, 8]);
    const probe = fillMap('probe', [2, 3, 8, 8]);
    const gradients = (recompute: boolean) => {
      const output = (w: Tensors): tf.Tensor4D =>
        unet(w, x, tf.tensor1d([3, 700]), w.tokens as tf.Tensor3D, config, { recompute });
      const found = valueAndGradients((w) => tf.sum(tf.mul(output(w), probe)) as tf.Scalar, weights).gradients;
      const { tokens } = found as { tokens: tf.Tensor };
      return { ...storedValues(found, parameters), tokens: tokens.dataSync() };
    };
    const [kept, again] = [gradients(false), gradients(true)];
    expect(Math.max(...Array.from(kept.tokens, Math.abs))).toBeGreaterThan(0);
    expectGolden(again, kept, 1e-5);
  });
});
