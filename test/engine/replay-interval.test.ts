import { expect, it } from 'vitest';
import { actionKey } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Checkpoint } from '../../core/checkpoint.ts';
import { digestOf } from '../../core/digest.ts';
import type { StageContext, StageKind } from '../../core/stage.ts';
import { intervalJobs } from '../../engine/replay/choose.ts';
import type { Replayed } from '../../engine/replay/job.ts';
import { type ReplayDependencies, replayAction } from '../../engine/replay/perform.ts';
import { checkpointDigest } from '../../store/checkpoints/state.ts';
import { OverlayObjects } from '../../store/overlay.ts';
import { Store } from '../../store/store.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

/** Starts from what it computes once, adds one in each step, and states the sum. */
const counterFrom = (start: number): StageKind => ({
  run: async (_params, { checkpoints, store, progress }: StageContext) => {
    const { sum } = await checkpoints.keep('start', async () => arraysOf(start));
    const resumed = await checkpoints.resume();
    let value = (resumed?.arrays.sum ?? sum)?.data[0] as number;
    for (let step = (resumed?.step ?? 0) + 1; step <= 6; step++) {
      value += 1;
      if (checkpoints.due(step)) checkpoints.save({ step, arrays: arraysOf(value), notes: null });
      await progress({ phase: 'count', step, steps: 6 });
    }
    return { out: await out(store, value) };
  },
});
const arraysOf = (value: number): Checkpoint['arrays'] => ({
  sum: { dtype: 'float32', shape: [1], data: new Float32Array([value]) },
});
const out = (store: StageContext['store'], value: number): Promise<ArtifactRef> =>
  store.putArtifact({ type: 'metrics', meta: { value }, files: [] });

const code = digestOf('code');
const action = { kind: 'test/count', params: {}, seed: 1, code };

/** Replays all intervals of a counter that began at 10 and kept checkpoints after steps 2 and 4. */
const replayFrom = async (start: number): Promise<Replayed[]> => {
  const store = memoryStore();
  const key = actionKey(action);
  const at = async (step: number) => {
    const made = { step, notes: null, content: await store.checkpoints.putArrays(key, arraysOf(10 + step)), at: '' };
    return { ...made, digest: checkpointDigest(made) };
  };
  const kept = { start: await store.checkpoints.putArrays(key, arraysOf(10)) };
  const state = { key, owner: '', attempts: [], keepAll: true, kept, checkpoints: [await at(4), await at(2)] };
  await store.checkpoints.write(state as unknown as Parameters<typeof store.checkpoints.write>[0]);
  const record = recordOf(action, { out: await out(store, 16) });
  const node = { id: 'count' } as Parameters<typeof intervalJobs>[0]['node'];
  const jobs = await intervalJobs({ node, key, record }, store.checkpoints);
  const dependencies: ReplayDependencies = {
    ...{ store, folders: { byContent: {}, from: '' }, overlay: () => new Store(new OverlayObjects(store.objects)) },
    loadOwn: () => Promise.reject(new Error('no kinds of users here')),
    loadStage: async () => counterFrom(start) as never,
    code: async () => code,
    machine: async () => record.machine,
    log: () => {},
  };
  return Promise.all(jobs.map((job) => replayAction(job, 'check', dependencies)));
};

it('a training with kept checkpoints is replayed from its start, from each checkpoint to the next, and to its end', async () => {
  expect((await replayFrom(10)).map(({ name, verdict }) => [name, verdict])).toEqual([
    ['count, steps 0 to 2', 'same'],
    ['count, steps 2 to 4', 'same'],
    ['count, steps 4 to the end', 'same'],
  ]);
});

it('code that starts differently shows in the first interval alone, which takes nothing that was kept', async () => {
  const replayed = await replayFrom(11);
  expect(replayed.map(({ verdict }) => verdict)).toEqual(['different', 'same', 'same']);
  expect(replayed[0]?.why).toBe('the state at step 2 is not that of its checkpoint');
});
