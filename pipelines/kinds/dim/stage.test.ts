import type { ArtifactRef } from 'cemiflow/stage';
import { allSamples, noiseDataset, readNumbers, testContext } from 'cemiflow/testing';
import { expect, it } from 'vitest';
import { stage } from './stage.ts';

it('halves every pixel, and says so in its numbers', async () => {
  const context = testContext();
  const data = await noiseDataset(context.store);
  const { data: darker, brightness } = await stage.run({ data, factor: 0.5 }, context);
  const before = await allSamples(context.store, data);
  const after = await allSamples(context.store, darker as ArtifactRef);
  expect(after.map(({ pixels }) => [...pixels])).toEqual(
    before.map(({ pixels }) => [...pixels].map((value) => Math.round(value / 2))),
  );
  const numbers = await readNumbers(context.store, brightness as ArtifactRef);
  expect(numbers).toEqual({ before: expect.closeTo(0.5, 1), after: expect.closeTo(0.25, 1) });
});
