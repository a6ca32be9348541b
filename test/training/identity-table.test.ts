import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { Checkpoint } from '../../core/checkpoint.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { initialise } from '../../nn/parameters.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { tf } from '../../nn/tf.ts';
import { Scratch } from '../../threads/scratch.ts';
import { IdentityTable } from '../../training/identity-table.ts';
import { float32, side, toyContext, toyPixels } from '../activities/toy.ts';

const parent = await mkdtemp(join(tmpdir(), 'table-'));
afterAll(() => rm(parent, { recursive: true }));

describe('IdentityTable', () => {
  it('has the same rows on disk as in memory, and embeds only the blocks that no attempt has kept', async () => {
    const context = toyContext();
    const writer = new DatasetWriter(context.store, { height: side, width: side });
    for (let i = 0; i < 11; i++) await writer.add({ identity: i, image: 0, pixels: toyPixels(i, 0) });
    const data = await loadDataset(context.store, await writer.finish({ origin: 'procedural', peopleShown: 'drawn' }));
    const config = recognizerConfig('small', { imageSize: side });
    const recognizer = { config, weights: initialise(recognizerParameters(config), 1) } as never;
    const inMemory = await IdentityTable.of(context, data, recognizer, { mirrored: true, ...float32 });

    const kept = new Map<string, Checkpoint['arrays']>();
    let made = 0;
    const keep = async (name: string, make: () => Promise<Checkpoint['arrays']>) => {
      const arrays = kept.get(name) ?? (await make());
      made += kept.has(name) ? 0 : 1;
      kept.set(name, arrays);
      return arrays;
    };
    const scratch = new Scratch(parent);
    const input = { ...context, scratch, checkpoints: { ...context.checkpoints, keep } };
    const options = { mirrored: true, rowsOfBlock: 4, ...float32 };
    const onDisk = await IdentityTable.of(input, data, recognizer, options);
    for (let row = 0; row < 11; row++)
      for (const mirrored of [false, true]) expect(onDisk.at(row, mirrored)).toEqual(inMemory.at(row, mirrored));
    expect([...kept.keys()]).toEqual(
      ['plain', 'mirrored'].flatMap((view) => [0, 4, 8].map((from) => `identity ${view} ${from}`)),
    );
    kept.delete('identity mirrored 4');
    await IdentityTable.of(input, data, recognizer, options);
    expect(made).toBe(7);
    await scratch.close();
    tf.dispose((recognizer as { weights: never }).weights);
  });
});
