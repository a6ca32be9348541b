import { describe, expect, it } from 'vitest';
import type { Step } from '../../nn/compile/index.ts';
import { partsOf, runParts } from '../../training/micro-batches.ts';

describe('micro-batches', () => {
  it('cut a batch into equal parts; 0 leaves it whole', () => {
    expect(partsOf(6, 2)).toEqual([
      { index: 0, first: 0, count: 2 },
      { index: 1, first: 2, count: 2 },
      { index: 2, first: 4, count: 2 },
    ]);
    expect(partsOf(6, 0)).toEqual([{ index: 0, first: 0, count: 6 }]);
  });

  it('must divide the batch', () => {
    expect(() => partsOf(6, 4)).toThrow(expect.objectContaining({ code: 'MicroBatchInvalid' }));
  });

  it('accumulate but for the last, and give the means of the metrics', async () => {
    const calls: unknown[] = [];
    const step = {
      run: (_: unknown, program: string) => {
        calls.push(program);
        return { loss: calls.length };
      },
    } as unknown as Step;
    expect(await runParts(step, partsOf(6, 2), new AbortController().signal, () => ({}))).toEqual({ loss: 2 });
    expect(calls).toEqual(['accumulate', 'accumulate', 'step']);
  });
});
