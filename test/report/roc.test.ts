import { describe, expect, it } from 'vitest';
import { channelsNote } from '../../report/blocks/accuracy/channels.ts';
import { block } from '../../report/blocks/roc/block.ts';
import { readRoc } from '../../report/blocks/roc/read.ts';
import { ReportReader } from '../../report/reader.ts';
import { rocChart } from '../../report/svg/roc-chart.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { protocolScores } from '../metrics/protocol-scores.ts';
import { putMetrics, putScored, verification } from './fixture.ts';

const store = memoryStore();

describe('the block of TAR at FAR', () => {
  it('shows each benchmark in the paper’s order: a row for each recognizer, and one figure', async () => {
    const params = [
      { label: 'a', metrics: await putScored(store, protocolScores(1), 'cfp_fp') },
      { label: 'b', metrics: await putScored(store, protocolScores(2), 'lfw') },
    ];
    const rows = await readRoc(params, new ReportReader(store));
    const { parts } = block.draw(rows, { title: '', description: '', note: '' });
    const [{ table }] = parts as unknown as [{ table: { rows: { cells: { text: string; at?: string[] }[] }[] } }];
    expect(table.rows.map(({ cells }) => cells[0]?.text)).toEqual(['b, LFW', 'a, CFP-FP']);
    expect(table.rows[0]?.cells[1]).toMatchObject({
      text: ((rows[0]?.tarOverFolds?.tar as number) * 100).toFixed(2),
      at: ['metrics.json#/sets/lfw/tarOverFolds/tar'],
    });
    expect(parts.length).toBe(3);
    expect(JSON.stringify(block.numbers?.(rows))).not.toContain('"roc"');
  });

  it('refuses metrics that are older than TAR and ROC', async () => {
    const old = await putMetrics(store, verification(0.9, 1));
    await expect(readRoc([{ label: 'old', metrics: old }], new ReportReader(store))).rejects.toMatchObject({
      code: 'ReportInputInvalid',
    });
  });
});

describe('the ROC chart', () => {
  const chart = (far: number[], tar: number[]): string =>
    rocChart({ id: 'r', title: 'T', description: 'D', lines: [{ name: 'one & two', far, tar, artifact: 'x' }] }).markup;

  it('has a tick for each decade down to the lowest FAR, and draws TAR over its logarithm', () => {
    const markup = chart([0, 0.001, 0.1, 1], [0.2, 0.5, 0.75, 1]);
    expect([...markup.matchAll(/>1e−(\d)</g)].map(([, n]) => n)).toEqual(['3', '2', '1']);
    const [, d = ''] = / d="(M[^"]+)"/.exec(markup) ?? [];
    const points = d
      .split(/[ML]/)
      .slice(1)
      .map((pair) => pair.split(' ').map(Number) as [number, number]);
    expect(points.length).toBe(3);
    const [a, b, c] = points as [[number, number], [number, number], [number, number]];
    // Two decades, then one; a quarter of TAR each.
    expect((b[0] - a[0]) / (c[0] - b[0])).toBeCloseTo(2, 3);
    expect((a[1] - b[1]) / (b[1] - c[1])).toBeCloseTo(1, 3);
    expect(markup).toContain('one &amp; two');
  });

  it('is drawn where nothing lies below FAR 1', () => {
    expect(chart([0, 1], [1, 1])).toContain('>1e−1<');
  });
});

describe('the note on colours', () => {
  it('names the one order, or the rows of each, and is left out where none is stated', () => {
    expect(channelsNote([{ label: 'a' }])).toEqual([]);
    expect(channelsNote([{ label: 'a', channels: 'rgb' }])).toEqual([
      'Colour order: the recognizers were given RGB images.',
    ]);
    const both = channelsNote([
      { label: 'a', channels: 'rgb' },
      { label: 'b', channels: 'bgr' },
    ]);
    expect(both).toEqual(['Colour order: BGR images for “b”; RGB images for “a”.']);
  });
});
