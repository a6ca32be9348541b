import { describe, expect, it } from 'vitest';
import type { Step } from '../../nn/compile/index.ts';
import { type MicroBatch, microBatchesOf, rowsOf, runPrograms } from '../../training/micro-batches.ts';

describe('micro-batches', () => {
  it('cut a batch into equal parts; 0 leaves it whole', () => {
    expect(microBatchesOf(6, 2)).toEqual([
      { index: 0, first: 0, count: 2 },
      { index: 1, first: 2, count: 2 },
      { index: 2, first: 4, count: 2 },
    ]);
    expect(microBatchesOf(6, 0)).toEqual([{ index: 0, first: 0, count: 6 }]);
  });

  it('must divide the batch', () => {
    expect(() => microBatchesOf(6, 4)).toThrow(expect.objectContaining({ code: 'MicroBatchInvalid' }));
  });

  it('accumulate but for the last, and give the means of the metrics', async () => {
    const calls: unknown[] = [];
    const step = {
      run: (_: unknown, program: string) => {
        calls.push(program);
        return { loss: calls.length };
      },
    } as unknown as Step;
    const microBatches = microBatchesOf(6, 2);
    const { signal } = new AbortController();
    expect(await runPrograms(step, ['step'], microBatches, signal, () => ({}))).toEqual({ loss: 2 });
    expect(calls).toEqual(['accumulate', 'accumulate', 'step']);
  });

  it('leave what the last alone says of the whole step as it is', async () => {
    const run = (_: unknown, program: string) => ({ loss: 3, ...(program === 'step' ? { skipped: 1 } : {}) });
    const { signal } = new AbortController();
    for (const size of [0, 2])
      expect(
        await runPrograms({ run } as unknown as Step, ['step'], microBatchesOf(6, size), signal, () => ({})),
      ).toEqual({ loss: 3, skipped: 1 });
  });

  it('of several networks: each goes through the whole batch before the next', async () => {
    const calls: unknown[] = [];
    const run = (_: unknown, program: string) => {
      calls.push(program);
      return { [program.startsWith('critic') ? 'critic loss' : 'loss']: calls.length };
    };
    const { signal } = new AbortController();
    const means = await runPrograms(
      { run } as unknown as Step,
      ['critic', 'step'],
      microBatchesOf(4, 2),
      signal,
      () => ({}),
    );
    expect(means).toEqual({ 'critic loss': 1.5, loss: 3.5 });
    expect(calls).toEqual(['critic_accumulate', 'critic', 'accumulate', 'step']);
  });

  it('are slices of the values of a batch', () => {
    const [, second] = microBatchesOf(4, 2);
    expect(rowsOf(Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3), 4, second as MicroBatch)).toEqual(Int32Array.of(2, 2, 3, 3));
  });
});
