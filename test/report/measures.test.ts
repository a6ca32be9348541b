import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeCenters } from '../../artifacts/codecs/centers.ts';
import { digestOf } from '../../core/digest.ts';
import { block } from '../../report/blocks/measures/block.ts';
import { type MeasuresParams, readMeasures } from '../../report/blocks/measures/read.ts';
import { ReportReader } from '../../report/reader.ts';
import type { TableModel } from '../../report/table.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { frechet, putMetrics, similarity } from './fixture.ts';

const store = memoryStore();
const paper = readFileSync(new URL('../../methods/cemiface/paper/results.yaml', import.meta.url), 'utf8');

type Given = MeasuresParams[string];
const params = async (more: Partial<Given> = {}): Promise<MeasuresParams> => ({
  table7: {
    ...{ caption: 'Table 7', scale: 'drawn faces.', note: 'By another recognizer.', paper: 'cemiface' },
    ...{ printed: 'table7_similarity_statistics/rows', meanOver: ['seed'] },
    columns: [
      { label: 'Mean', value: 'mean', percent: true, decimals: 2, printed: 'avg_sim' },
      { label: '0.2 to 0.3', value: 'bins/identities/3', percent: false, decimals: 0, printed: 'identities/2' },
      { label: 'Images', value: 'images', percent: false, decimals: 0, printed: null },
    ],
    rows: [
      {
        label: 'CemiFace',
        of: [
          { matrix: { seed: 1 }, artifact: await putMetrics(store, similarity(0.25, 1)) },
          { matrix: { seed: 2 }, artifact: await putMetrics(store, similarity(0.35, 2)) },
        ],
        printed: { at: null, where: { method: 'cemiface' } },
      },
    ],
    ...more,
  },
});
const drawn = async (given: MeasuresParams): Promise<TableModel[]> =>
  block
    .draw(await readMeasures(given, new ReportReader(store)), { title: '', description: '', note: '' })
    .parts.flatMap((part) => ('table' in part ? [part.table] : []));

describe('the block "measures"', () => {
  it('has means over runs, and the printed numbers below them by their place in the paper’s file', async () => {
    const [table] = (await drawn(await params())) as [TableModel];
    const [ours, printed] = table.rows.map(({ cells }) => cells);
    const means = await Promise.all([
      ...[similarity(0.25, 1), similarity(0.35, 2)].map(async (each) => each.mean as number),
    ]);
    expect(ours?.[2]?.text).toBe((((means[0] as number) + (means[1] as number)) * 50).toFixed(2));
    expect(ours?.[2]?.at).toEqual(['metrics.json#/mean', 'metrics.json#/mean']);
    expect(ours?.[2]?.spread).toBe(
      ((Math.abs((means[0] as number) - (means[1] as number)) / Math.SQRT2) * 100).toFixed(2),
    );
    expect(printed?.map(({ text }) => text)).toEqual(['CemiFace, printed', '–', '28.54', '4539', '–', '']);
    expect(printed?.[3]).toMatchObject({
      quoted: true,
      artifacts: [digestOf(paper)],
      at: ['results.yaml#/table7_similarity_statistics/rows/1/identities/2'],
    });
    const { rows } = parse(paper).table7_similarity_statistics;
    expect(rows[1].identities[2]).toBe(4539);
    expect(table.notes).toEqual([
      expect.stringMatching(/^Mini: drawn faces\./),
      'By another recognizer.',
      'Printed rows are quoted.',
      expect.stringContaining('sample standard deviation (n − 1) over seed'),
    ]);
  });

  it('compares nothing with printed numbers where there are none', async () => {
    const { rows } = (await params()).table7 as Given;
    const alone = rows.map(({ label, of }) => ({ label, of }));
    const [table] = (await drawn(await params({ paper: null, printed: null, rows: alone }))) as [TableModel];
    expect(table.notes[0]).toBe('Mini: drawn faces.');
    expect(table.notes.join()).not.toContain('rinted');
  });

  it('reads what the manifest of centers states, a key being the row’s own value', async () => {
    const groups = [0.9, 0.7].map((mean, i) => ({
      ...{ images: 2, mean, lowest: mean - 0.1, highest: mean + 0.05, meanLowest: mean - 0.02 - i / 100 },
      meanHighest: mean + 0.02,
    }));
    const unit = Float32Array.of(1, 0);
    const rows = {
      centers: unit,
      similarity: Float32Array.of(0.9, 0.9, 0.7, 0.7),
      group: Int32Array.of(0, 0, 1, 1),
      labels: new Int32Array(4),
    };
    const made = digestOf('x');
    const artifact = await writeCenters(store, rows, {
      ...{ source: 'mean', identities: 1, images: 4, embeddingSize: 2, similarity: 0.8, groups },
      ...{ data: made, recognizer: made },
    });
    const [table] = (await drawn(
      await params({
        printed: 'table1_similarity_groups/{group}',
        columns: [{ label: 'Lowest', value: 'groups/{group}/meanLowest', percent: false, decimals: 3, printed: 'lo' }],
        rows: [
          { label: 'group {group}', of: [{ matrix: { group: 0 }, artifact }], printed: { at: null, where: {} } },
          { label: 'group 1', of: artifact, point: { group: 1 }, printed: { at: null, where: {} } },
        ],
      }),
    )) as [TableModel];
    expect(table.rows.map(({ cells }) => [cells[0]?.text, cells[1]?.text])).toEqual([
      ['group 0', '0.880'],
      ['group 0, printed', '0.831'],
      ['group 1', '0.670'],
      ['group 1, printed', '0.794'],
    ]);
    expect(table.rows[2]?.cells[1]?.at).toEqual(['manifest#/meta/groups/1/meanLowest']);
  });

  it('puts a number that is printed alone into the first column that has printed numbers', async () => {
    const columns = [
      { label: 'Images', value: 'images', percent: false, decimals: 0, printed: null },
      { label: 'Distance', value: 'distance', percent: false, decimals: 2, printed: 'distance' },
      { label: 'Reference', value: 'referenceImages', percent: false, decimals: 0, printed: 'images' },
    ];
    const of = await putMetrics(store, frechet(0.25));
    const row = { label: 'CemiFace', of, printed: { at: 'table12_fid_to_casia/cemiface', where: {} } };
    const [table] = (await drawn(await params({ printed: null, columns, rows: [row] }))) as [TableModel];
    expect(table.rows.map(({ cells }) => cells.map(({ text }) => text))).toEqual([
      ['CemiFace', '1000', '0.25', '1000', ''],
      ['CemiFace, printed', '–', '18.72', '–', ''],
    ]);
  });

  it('refuses a place without a number, and a printed place that is none', async () => {
    const columns = [{ label: 'Mean', value: 'means', percent: false, decimals: 2, printed: 'avg_sim' }];
    await expect(drawn(await params({ columns }))).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: expect.stringMatching(/has no number at metrics\.json#\/means$/),
    });
    const [misprinted] = columns.map((column) => ({ ...column, value: 'mean', printed: 'mean' }));
    await expect(drawn(await params({ columns: misprinted ? [misprinted] : [] }))).rejects.toThrow(
      /no printed row is table7_similarity_statistics\/rows where \{"method":"cemiface"\}, mean/,
    );
  });
});
