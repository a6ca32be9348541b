import { describe, expect, it } from 'vitest';
import { CemiflowError } from '../../core/errors.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadDataset } from '../../data/loader/load.ts';
import type { Workers } from '../../data/loader/workers.ts';
import { readBatches, withInput } from '../../training/input.ts';
import { toyContext, toyDataset } from '../activities/toy.ts';

const context = toyContext();
const data = await loadDataset(context.store, await toyDataset(context.store, 4, 4));
const recipe = { rows: Int32Array.of(0, 1) };

describe('input threads of a stage', () => {
  it('make its batches; what it waited is in its progress and in the log, once', async () => {
    const { lines, steps } = context;
    const result = await withInput(context, copies, async (input) => {
      await input.progress({ phase: 'compile', step: 0, steps: 3 });
      const batches = readBatches(input, data, () => ({ recipe }), { from: 0, to: 3 });
      for (let step = 0; step < 3; step++) {
        await batches.next();
        await input.progress({ phase: 'train', step: step + 1, steps: 3, metrics: { loss: 1 } });
      }
      return 'done';
    });
    expect(result).toBe('done');
    expect(lines).toEqual([expect.stringMatching(/^input: 3 batches, waited \d+\.\d s in all$/)]);
    expect(steps[0]).toEqual({ phase: 'compile', step: 0, steps: 3, waitedSeconds: 0 });
    expect(steps.at(-1)).toMatchObject({ phase: 'train', step: 3, metrics: { loss: 1 } });
    // The first batch waits at least for the thread to start.
    expect(steps.at(-1)?.waitedSeconds).toBeGreaterThan(0);
  });

  it('end with it, also when it fails or is cancelled', async () => {
    const failure = new CemiflowError('Diverged', 'no number', { remedy: 'lower lr' });
    const cancelled = new Error('CANCELLED');
    const cancelling = { ...context, progress: () => Promise.reject(cancelled) };
    const kept: Workers<CopyRecipe>[] = [];
    const failing = withInput(context, copies, async ({ workers }) => {
      kept.push(workers);
      await workers.fill(data, recipe);
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    const stopped = withInput(cancelling, copies, async (input) => {
      kept.push(input.workers);
      const batches = readBatches(input, data, () => ({ recipe }), { from: 0, to: 100 });
      for (let step = 0; ; step++) {
        await batches.next();
        await input.progress({ phase: 'train', step, steps: 100 });
      }
    });
    await expect(stopped).rejects.toBe(cancelled);
    expect(kept).toHaveLength(2);
    for (const workers of kept) {
      await expect(workers.fill(data, recipe)).rejects.toMatchObject({ code: 'InputThreadLost' });
    }
  });
});
