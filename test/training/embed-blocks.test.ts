import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Images } from '../../data/images.ts';
import { Scratch } from '../../threads/scratch.ts';
import { embedBlocks, KeptBlocks } from '../../training/embed-blocks.ts';

const parent = mkdtempSync(join(tmpdir(), 'blocks-'));
const scratch = new Scratch(parent);
afterAll(async () => {
  await scratch.close();
  rmSync(parent, { recursive: true });
});

const size = 3;
const set = { count: 10 } as Images;
const input = { scratch } as never;
/** Embeddings that name their row, and what was asked for. */
const embedder = () => {
  const asked: { readonly phase: string; readonly count: number }[] = [];
  const embed = async (_set: Images, _input: unknown, { rows = new Int32Array(), phase = '' } = {}) => {
    asked.push({ phase, count: rows.length });
    return Float32Array.from({ length: rows.length * size }, (_, i) => (rows[Math.floor(i / size)] as number) + i / 8);
  };
  return { asked, embed };
};

describe('embedding in blocks', () => {
  test('asks for every row once, in order, and never for more than a block', async () => {
    const { embed, asked } = embedder();
    const seen: number[] = [];
    await embedBlocks({ embed }, set, input, { phase: 'embed', blockImages: 4 }, (rows) => void seen.push(...rows));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(asked).toEqual([
      { phase: 'embed, block 1 of 3', count: 4 },
      { phase: 'embed, block 2 of 3', count: 4 },
      { phase: 'embed, block 3 of 3', count: 2 },
    ]);
  });

  test('gives blocks that were kept again, as they were, from memory and disk', async () => {
    const { embed } = embedder();
    const kept = new KeptBlocks(input);
    const given: { rows: Int32Array; embeddings: Float32Array }[] = [];
    const rows = Int32Array.of(9, 2, 7, 5, 1);
    await embedBlocks({ embed }, set, input, { phase: 'embed', rows, blockImages: 2 }, async (block, embeddings) => {
      given.push({ rows: block, embeddings: embeddings.slice() });
      await kept.add(block, embeddings);
    });
    expect(given).toHaveLength(3);
    expect([...kept.each()]).toEqual(given);
    expect([...kept.each()]).toEqual(given);
  });
});
