import { expect, it } from 'vitest';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { stage } from '../../../methods/ddpm/generate/stage.ts';
import { stage as train } from '../../../methods/ddpm/train/stage.ts';
import { float32, toyContext, toyDataset } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';

it('an unconditional generator learns, and makes in any shards the same images, each under a number of its own', async () => {
  const context = toyContext();
  const { store } = context;
  const { weights } = await train.run(
    {
      data: await toyDataset(store, 4, 4),
      network: {
        ...{ patch: 1, base: 8, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 8, groups: 4 },
        prediction: 'velocity',
      },
      ...{ epochs: 30, batch: 8, microBatch: 0, recompute: false, lr: 3e-3, warmup: 5, decay: 'cosine' },
      ...{ weightDecay: 0, emaMaximum: 0.9, timesteps: 100, snrFactor: 1, flip: false, samples: null, ...float32 },
    },
    context,
  );
  const losses = context.steps.flatMap(({ phase, metrics }) => (phase === 'train' ? [metrics?.loss as number] : []));
  const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
  expect(mean(losses.slice(-10))).toBeLessThan(0.6 * mean(losses.slice(0, 10)));
  const setOf = async (shardIdentities: number) => {
    const params = {
      ...{ generator: weights as ArtifactRef, identities: 7, shardIdentities, steps: 5, batch: 4 },
      ...{ sampler: 'ancestral' as const, eta: 0, epsilon: 'network' as const, ...float32 },
    };
    const made = [];
    for (const shard of await stage.split(params, context)) made.push(await stage.runShard(shard, context));
    const set = await loadDataset(store, (await stage.join(params, made, context)).data as ArtifactRef);
    return { pixels: await allPixels(set), identities: [...set.identities] };
  };
  const one = await setOf(1);
  expect(one.identities).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(await setOf(4)).toEqual(one);
});
