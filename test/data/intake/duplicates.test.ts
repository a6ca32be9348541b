import { describe, expect, test } from 'vitest';
import { DuplicateTable } from '../../../data/intake/duplicates.ts';

/** An image of an identity, whose file and pixels are named by numbers. */
const add = (table: DuplicateTable, identity: number, file: number, pixels = file): void =>
  table.add(identity, Int32Array.of(file, -file, pixels, -pixels));

describe('duplicates', () => {
  test('name every pair of identities that share an image', () => {
    const table = new DuplicateTable();
    for (const identity of [4, 2, 9]) add(table, identity, 1);
    add(table, 9, 2, 7);
    add(table, 4, 3, 7);
    expect(table.find()).toEqual({
      ...{ bytes: 2, pixels: 3, acrossIdentities: 5 },
      pairs: [
        [4, 9, 2],
        [2, 4, 1],
        [2, 9, 1],
      ],
    });
  });

  test('are those whose whole 64 bits agree', () => {
    const table = new DuplicateTable();
    for (const low of [1, 2, 3]) table.add(low, Int32Array.of(7, low, 7, low));
    expect(table.find()).toEqual({ bytes: 0, pixels: 0, acrossIdentities: 0, pairs: [] });
  });

  test('of one photo under thousands of identities make no millions of pairs', () => {
    const table = new DuplicateTable();
    const identities = 20_000;
    for (let identity = 0; identity < identities; identity++) add(table, identity, 1);
    const { pairs, acrossIdentities } = table.find();
    expect(acrossIdentities).toBe(identities);
    expect(pairs).toHaveLength(identities - 1);
    expect(pairs.every(([left]) => left === 0)).toBe(true);
  });

  test('are those of a table that was kept and went on', () => {
    const [whole, first] = [new DuplicateTable(), new DuplicateTable()];
    for (let i = 0; i < 3000; i++) add(whole, i % 40, i % 700);
    for (let i = 0; i < 1500; i++) add(first, i % 40, i % 700);
    const second = new DuplicateTable(first.rows);
    for (let i = 1500; i < 3000; i++) add(second, i % 40, i % 700);
    expect(second.rows).toEqual(whole.rows);
    expect(second.find()).toEqual(whole.find());
  });
});
