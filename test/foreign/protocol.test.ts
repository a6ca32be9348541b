import { describe, expect, it } from 'vitest';
import { Lines } from '../../foreign/lines.ts';
import { ProgramLog } from '../../foreign/log.ts';
import { messageIn } from '../../foreign/protocol.ts';

describe('a line of a program', () => {
  it.each([
    [
      '::cemiflow progress step=120 steps=1000 loss=0.31',
      { kind: 'progress', step: 120, steps: 1000, metrics: { loss: 0.31 } },
    ],
    ['::cemiflow progress phase="second stage" step=0', { kind: 'progress', phase: 'second stage', step: 0 }],
    ['::cemiflow progress loss=1e-3 name=x nan=nan big=1e999', { kind: 'progress', metrics: { loss: 0.001 } }],
    ['::cemiflow progress step=-1 steps=1.5', { kind: 'progress' }],
    ['::cemiflow progress __proto__=1', { kind: 'progress', metrics: Object.fromEntries([['__proto__', 1]]) }],
    ['::cemiflow checkpoint', { kind: 'checkpoint' }],
    ['::cemiflow checkpoint step=40', { kind: 'checkpoint', step: 40 }],
    ['::cemiflow', undefined],
    ['::cemiflow unknown step=1', undefined],
    [' ::cemiflow checkpoint', undefined],
    ['loss 0.3', undefined],
    ['', undefined],
  ])('%j', (line, message) => {
    expect(messageIn(line)).toEqual(message);
  });

  it.each([
    [' 12%|█▏        | 120/1000 [00:12<01:28, 10.00it/s]', { step: 120, steps: 1000 }],
    [
      'train:  12%|#2        | 120/1000 [00:12<01:28, 10.00it/s, loss=0.31]',
      { step: 120, steps: 1000, phase: 'train', metrics: { loss: 0.31 } },
    ],
    ['100%|██████████| 5/5 [00:00<00:00, 51.02it/s]', { step: 5, steps: 5 }],
    ['Epoch 1:   0%|          | 0/7 [00:00<?, ?it/s]', { step: 0, steps: 7, phase: 'Epoch 1' }],
  ])('as tqdm draws it: %j', (line, message) => {
    expect(messageIn(line)).toEqual({ kind: 'progress', ...message });
  });

  it('takes no longer for a line that was made to be slow', () => {
    const began = performance.now();
    for (const line of [`${' '.repeat(4000)}%`, `${'a: '.repeat(1300)}1%|`, `::cemiflow progress ${'"'.repeat(3999)}`])
      messageIn(line);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('lines', () => {
  const linesOf = (...pieces: string[]): string[] => {
    const found: string[] = [];
    const lines = new Lines((line) => found.push(line));
    for (const piece of pieces) lines.add(Buffer.from(piece));
    lines.close();
    return found;
  };

  it('end at either end of line, wherever pipes cut them', () => {
    expect(linesOf('a\nb', 'c\r', '\nd', '\r\re')).toEqual(['a', 'bc', 'd', 'e']);
  });

  it('keep characters whole that pipes cut', () => {
    const found: string[] = [];
    const lines = new Lines((line) => found.push(line));
    const bytes = Buffer.from('█é\n');
    for (const byte of bytes) lines.add(Uint8Array.of(byte));
    expect(found).toEqual(['█é']);
  });

  it('are cut where they do not end', () => {
    const [line = ''] = linesOf(...Array.from({ length: 100 }, () => 'x'.repeat(1000)));
    expect(line).toHaveLength(4096);
  });
});

describe('a log', () => {
  it('is what was printed', () => {
    const log = new ProgramLog(8);
    for (const text of ['abc', '', 'defghij', 'klmnop']) log.add(Buffer.from(text));
    expect(`${log.bytes()}`).toBe('abcdefghijklmnop');
  });

  it('keeps both ends of more', () => {
    const log = new ProgramLog(4);
    for (let i = 0; i < 100; i++) log.add(Buffer.from(`${i % 10}`));
    expect(`${log.bytes()}`).toBe('0123\n[cemiflow: 92 bytes left out]\n6789');
    log.add(Buffer.from('a very long piece'));
    expect(`${log.bytes()}`).toBe('0123\n[cemiflow: 109 bytes left out]\niece');
  });
});
