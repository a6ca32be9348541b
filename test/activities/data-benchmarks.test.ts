import { expect, test } from 'vitest';
import { stage } from '../../activities/data-benchmarks/stage.ts';
import { benchmarkSets as setsOf } from '../../artifacts/benchmarks.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { loadBenchmark } from '../../data/benchmarks.ts';
import { benchmarkSets } from '../../faces/protocol.ts';
import { stageContext } from '../faces/context.ts';

const params = {
  sets: [...benchmarkSets],
  pairs: 40,
  identities: 20,
  size: 16,
  population: 'test',
  variation: 1,
  wear: 1,
  lookAlikes: 4,
  kinship: 0,
  overlap: 0,
  overlapWith: 'train',
};

test('five sets stand in one artifact, each with its images and its ten folds', async () => {
  const context = stageContext();
  const outputs: Outputs[] = [];
  for (const part of await stage.split(params, context)) outputs.push(await stage.runPart(part, context));
  const { benchmarks } = (await stage.join(params, outputs, context)) as { benchmarks: ArtifactRef };
  expect(await setsOf(context.store, benchmarks)).toEqual([...benchmarkSets]);
  const people = new Map<number, string>();
  for (const set of benchmarkSets) {
    const { images, left, right, same, fold } = await loadBenchmark(context.store, benchmarks, set);
    expect(images.count).toBe(40);
    expect([left.length, images.height]).toEqual([40, 16]);
    expect([...fold].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => Math.floor(i / 4)));
    same.forEach((equal, p) => {
      const who = [left[p], right[p]].map((i) => images.identities[i as number] as number);
      expect(who[0] === who[1]).toBe(equal === 1);
      for (const person of who) {
        expect(people.get(person) ?? set).toBe(set);
        people.set(person, set);
      }
    });
  }
});

test('sets without different pairs are refused', async () => {
  const context = stageContext();
  await expect(stage.split({ ...params, pairs: 20 }, context)).rejects.toMatchObject({ code: 'BenchmarkTooSmall' });
});
