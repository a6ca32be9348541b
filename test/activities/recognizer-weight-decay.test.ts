import { beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/recognizer-train/stage.ts';
import { loadWeights } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { toyContext, toyDataset, toyTraining } from './toy.ts';

const context = toyContext();
let data: ArtifactRef;
beforeAll(async () => {
  data = await toyDataset(context.store, 8, 4);
});

const trained = async (weightDecay: number, decayNorms: boolean) => {
  const length = { epochs: 4, batch: 16, microBatch: 0, recompute: false };
  const outputs = await stage.run({ ...toyTraining, ...length, data, weightDecay, decayNorms }, context);
  return loadWeights(context.store, outputs.weights as ArtifactRef);
};

/** Mean of the squares of one tensor. */
const size = (weights: Awaited<ReturnType<typeof trained>>, name: string): number => {
  const values = weights[name]?.data as Float32Array;
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
};

describe('recognizer/train: decayNorms', () => {
  it('lets batch normalisation decay too, and nothing else is treated differently', async () => {
    const [none, spared, all] = [await trained(0, false), await trained(0.5, false), await trained(0.5, true)];
    // 8 steps of 0.05 and less, with momentum, at 0.5: a tenth and more goes, unless the gradient brings it back.
    const [norm, conv] = ['input_layer.1.weight', 'body.0.res_layer.1.weight'];
    expect(size(spared, norm) / size(none, norm)).toBeGreaterThan(0.98);
    expect(size(all, norm) / size(none, norm)).toBeLessThan(0.9);
    for (const decayed of [spared, all]) expect(size(decayed, conv) / size(none, conv)).toBeLessThan(0.9);
  }, 60_000);

  it('without weight decay changes nothing', async () => {
    expect(await trained(0, true)).toEqual(await trained(0, false));
  }, 60_000);
});
