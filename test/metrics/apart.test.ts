import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { ApartSelection } from '../../metrics/apart.ts';

describe('a limit of similarity that is reached', () => {
  /** Cosines to the first row: exactly 0.5, just below it, and exactly −0.5. */
  const rows = Float32Array.of(1, 0, 0.5, 0.875, 0.499, 0.875, -0.5, 0.875);

  const apart = (embeddings: Float32Array, options: { count: number; maxSimilarity: number }): number[] => {
    const selection = new ApartSelection(2, options);
    selection.offer(embeddings);
    return selection.taken;
  };

  it('is too near: only what stays below it is taken', () => {
    expect(apart(rows, { count: 2, maxSimilarity: 0.5 })).toEqual([0, 2]);
    expect(apart(rows, { count: 2, maxSimilarity: 0.5 + 1e-9 })).toEqual([0, 1]);
    expect(apart(rows, { count: 4, maxSimilarity: -0.5 })).toEqual([0]);
  });

  it('holds for every pair, not only for neighbours and not only for the first', () => {
    // Three directions: the third is far from the second and near the first; the fourth is near the second alone.
    const four = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1);
    expect(apart(four, { count: 4, maxSimilarity: 0.3 })).toEqual([0, 1]);
  });
});

describe('greedy selection', () => {
  it('makes the same choice of candidates that come in blocks', () => {
    const uniform = randomStream(1, 'candidates');
    const angles = Array.from({ length: 40 }, () => 2 * Math.PI * uniform());
    const rows = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
    const [whole, blocks] = [0, 0].map(() => new ApartSelection(2, { count: 5, maxSimilarity: 0.6 })) as [
      ApartSelection,
      ApartSelection,
    ];
    whole.offer(rows);
    for (let from = 0; from < 40; from += 3) blocks.offer(rows.subarray(2 * from, 2 * (from + 3)));
    expect(whole.taken).toHaveLength(5);
    expect([blocks.taken, blocks.seen, blocks.embeddings]).toEqual([whole.taken, whole.seen, whole.embeddings]);
    expect(whole.seen).toBe((whole.taken[4] as number) + 1);
  });

  it('takes candidates in order while every pair stays below the limit', () => {
    const at = (degrees: number): number[] => [
      Math.cos((degrees * Math.PI) / 180),
      Math.sin((degrees * Math.PI) / 180),
    ];
    const rows = Float32Array.from([0, 30, 80, 100, 170, 260].flatMap(at));
    // cos 72.6° = 0.3: 30 is too near to 0, 100 to 80; 170 and 260 are far from all.
    const select = (count: number): ApartSelection => {
      const selection = new ApartSelection(2, { count, maxSimilarity: 0.3 });
      selection.offer(rows);
      return selection;
    };
    const all = select(9);
    expect([all.taken, all.isEnough, all.seen]).toEqual([[0, 2, 4, 5], false, 6]);
    expect([...all.embeddings]).toEqual([0, 2, 4, 5].flatMap((row) => [...rows.subarray(2 * row, 2 * row + 2)]));
    const two = select(2);
    expect([two.taken, two.isEnough, two.seen]).toEqual([[0, 2], true, 3]);
  });
});
