import { describe, expect, it } from 'vitest';
import { readLines } from '../../formats/lines.ts';
import { inMemory } from '../../formats/source.ts';

const linesOf = async (text: string) => {
  const found: { text: string; offset: number; number: number }[] = [];
  for await (const line of readLines(inMemory('list.txt', Buffer.from(text)), 'list')) found.push(line);
  return found;
};

describe('readLines', () => {
  it('gives lines with their bytes and numbers, without line ends and empty lines', async () => {
    expect(await linesOf('é\r\n\nb\n\nlast')).toEqual([
      { text: 'é', offset: 0, number: 1 },
      { text: 'b', offset: 5, number: 3 },
      { text: 'last', offset: 8, number: 5 },
    ]);
    expect(await linesOf('')).toEqual([]);
  });

  it('joins lines that lie in two pieces', async () => {
    const lines = Array.from({ length: 300_000 }, (_, i) => `line ${i}`);
    const found = await linesOf(`${lines.join('\n')}\n`);
    expect(found.map(({ text }) => text)).toEqual(lines);
    expect(found.at(-1)?.number).toBe(300_000);
    expect(found.at(-1)?.offset).toBe(lines.join('\n').length - 'line 299999'.length);
  });

  it('refuses long lines without holding them', async () => {
    await expect(linesOf(`a\n${'x'.repeat(9000)}\n`)).rejects.toMatchObject({
      code: 'FormatInvalid',
      data: { offset: 2 },
    });
    await expect(linesOf('x'.repeat(3_000_000))).rejects.toMatchObject({ code: 'FormatInvalid', data: { offset: 0 } });
  });
});
