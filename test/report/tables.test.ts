import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { MeasuresParams } from '../../report/blocks/measures/read.ts';
import { block } from '../../report/blocks/tables/block.ts';
import {
  type PrintedChoice,
  type PrintedRow,
  printedEntry,
  printedNumber,
  printedRow,
} from '../../report/blocks/tables/printed.ts';
import { readTables, type TablesParams } from '../../report/blocks/tables/read.ts';
import { readReport } from '../../report/build.ts';
import type { Labelled } from '../../report/params.ts';
import { printedNumbers } from '../../report/printed.ts';
import { ReportReader } from '../../report/reader.ts';
import type { TableModel } from '../../report/table.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { readSpec } from '../../spec/spec.ts';
import { root } from '../cli/helpers.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { drawnPairs, putMetrics, putScored } from './fixture.ts';

const store = memoryStore();
const text = readFileSync(new URL('../../methods/cemiface/paper/results.yaml', import.meta.url), 'utf8');
const data = parse(text) as { [table: string]: never };
const quotation = {
  artifact: digestOf(text),
  results: {
    file: 'results.yaml',
    data: data as unknown as JsonObject,
    benchmarks: ['lfw', 'cfp_fp', 'agedb_30', 'calfw', 'cplfw'],
  },
};
const orThrow = (row: ReturnType<typeof printedRow>): PrintedRow => {
  if ('refusal' in row) throw row.refusal;
  return row;
};
const find = (place: string, where: JsonObject = {}, value = 'avg', matrix: JsonObject = {}) =>
  orThrow(printedRow(quotation, place, { at: null, where, value } satisfies PrintedChoice, matrix));

describe('a printed row', () => {
  it('is found by what it states, or by our own value on an axis', () => {
    expect(find('table11_m_sweep', { m: '{m}' }, 'avg', { m: 0.5 })).toMatchObject({
      at: 'results.yaml#/table11_m_sweep/5',
      average: { value: 87.316, at: 'results.yaml#/table11_m_sweep/5/avg' },
      sets: { lfw: { accuracy: 97.85, at: 'results.yaml#/table11_m_sweep/5/acc/0' } },
    });
    expect(find('table11_m_sweep', { m: 0.8 }).suspect).toBe('identical to m = -1');
    expect(find('table2_mixing_m/mixing_training_m', { train_m: [0, 0] }).average?.value).toBe(91.15);
    expect(find('table4_training_and_inquiry_data', { method: 'dcface', inquiry: 'ddpm' }).average?.value).toBe(90.18);
  });

  it('may be a number alone, or lie deeper in its row', () => {
    expect(find('table10_backbone/r18')).toMatchObject({
      average: { value: 90.75, at: 'results.yaml#/table10_backbone/r18' },
      at: 'results.yaml#/table10_backbone/r18',
      sets: {},
    });
    expect(find('table1_similarity_groups/{group}', {}, 'avg', { group: 2 }).average?.at).toBe(
      'results.yaml#/table1_similarity_groups/2/avg',
    );
    expect(find('table5_best_m_per_inquiry', { inquiry: 'ddpm' }, 'by_m/-0.1')).toMatchObject({
      average: { value: 91.36, at: 'results.yaml#/table5_best_m_per_inquiry/2/by_m/-0.1' },
    });
  });

  it('is one, or the refusal says what there is', () => {
    const refusal = (...args: Parameters<typeof find>) => expect(() => find(...args));
    refusal('table4_training_and_inquiry_data', { inquiry: 'ddpm' }).toThrow(/4 printed rows are/);
    refusal('table11_m_sweep', { m: 7 }).toThrow(/no printed row is table11_m_sweep where \{"m":7\}/);
    refusal('table99').toThrow(expect.objectContaining({ remedy: 'name a table of the paper’s file' }));
    refusal('table8_centers', { m: 0.5 }, 'average').toThrow(/no printed row is/);
    refusal('table11_m_sweep', { m: '{n}' }, 'avg', { m: 1 }).toThrow(/our row has no such axis/);
  });
});

describe('a table made again', () => {
  const over = async (shares: readonly (readonly [m: number, share: number])[]) =>
    Promise.all(
      shares.flatMap(([m, share]) =>
        [1, 2].map(async (seed) => ({
          matrix: { m, seed },
          artifact: await putScored(store, drawnPairs(share + seed / 200, 3)),
        })),
      ),
    );
  const params = async (more: object = {}): Promise<TablesParams> =>
    ({
      table11: {
        ...{
          caption: 'Table 11: accuracy by m',
          scale: 'drawn faces.',
          paper: 'cemiface',
          printed: 'table11_m_sweep',
          meanOver: ['seed'],
        },
        rows: [
          {
            label: 'm = {m}',
            metrics: await over([
              [1, 0.7],
              [0, 0.9],
            ]),
            printed: { at: null, where: { m: '{m}' }, value: 'avg' },
          },
        ],
        ...more,
      },
    }) as unknown as TablesParams;
  const drawn = async (given: TablesParams): Promise<TableModel[]> =>
    block
      .draw(await readTables(given, new ReportReader(store)), { title: '', description: '', note: '' })
      .parts.flatMap((part) => ('table' in part ? [part.table] : []));

  it('has each printed row below ours, and the difference between the averages', async () => {
    const [table, differences] = (await drawn(await params())) as [TableModel, TableModel];
    const column = (label: string): string[] => {
      const at = table.columns.findIndex((each) => each.label === label);
      return table.rows.map(({ cells }) => cells[at]?.text as string);
    };
    expect(column('Trained on')).toEqual(['m = 1', 'm = 1, printed', 'm = 0', 'm = 0, printed']);
    expect(column('Runs')).toEqual(['2', '–', '2', '–']);
    const [ours, printed, best] = column('Average').map(Number) as [number, number, number];
    expect(printed).toBe(84.13);
    expect(column('LFW')[1]).toBe('97.00');
    expect(Number(column('Here − printed')[0]?.replace('−', '-'))).toBeCloseTo(ours - 84.126, 1);
    expect(best).toBeGreaterThan(ours);
    expect(table.notes[0]).toMatch(/^Mini: drawn faces\. Absolute values cannot/);
    expect(differences.caption).toContain('“m = 0”, the best');
  });

  it('marks printed rows that are doubtful, and quotes all of them by their place in the file', async () => {
    const given = await params({
      rows: [
        {
          label: 'm = {m}',
          metrics: await over([
            [0.8, 0.7],
            [0, 0.9],
          ]),
          printed: { at: null, where: { m: '{m}' }, value: 'avg' },
        },
      ],
    });
    const [table] = (await drawn(given)) as [TableModel];
    expect(table.rows[1]?.cells[0]?.text).toBe('m = 0.8, printed ‡');
    expect(table.notes.at(-1)).toBe('The printed row is doubtful: m = 0.8: identical to m = -1.');
    const model = await readReport({ title: '', description: '', note: '', skipped: [], tables: given }, store);
    const quoted = printedNumbers(model).filter((each) => each.quoted);
    expect(quoted).toHaveLength(12);
    for (const { artifacts, at, text: shown } of quoted) {
      expect(artifacts).toEqual([quotation.artifact]);
      const value = (at[0] as string)
        .split('#/')[1]
        ?.split('/')
        .reduce<unknown>((found, key) => (found as never)[key], data);
      expect(Number(value).toFixed(2)).toBe(shown);
    }
  });

  it('leaves points that the paper does not have without a printed row, but not all of them', async () => {
    const printed = { at: null, where: { m: '{m}' }, value: 'avg' };
    const some = await params({
      rows: [
        {
          label: 'm = {m}',
          metrics: await over([
            [0.75, 0.7],
            [0, 0.9],
          ]),
          printed,
        },
      ],
    });
    expect((await drawn(some))[0]?.rows.map(({ cells }) => cells[0]?.text)).toEqual([
      'm = 0.75',
      'm = 0',
      'm = 0, printed',
    ]);
    const none = await params({ rows: [{ label: 'm = {m}', metrics: await over([[0.75, 0.7]]), printed }] });
    await expect(drawn(none)).rejects.toMatchObject({
      message: expect.stringContaining('no printed row is table11_m_sweep'),
    });
  });

  it('says of which rows trainings did not converge, ours and printed', async () => {
    const log = (accuracy: number[]) =>
      putMetrics(store, { kind: 'training', series: { accuracy: { steps: [10, 20], values: accuracy } } });
    const metrics = await over([[1, 0.6]]);
    const logs = [
      { matrix: { m: 1, seed: 1 }, artifact: await log([0.9, 0.125]) },
      { matrix: { m: 1, seed: 2 }, artifact: await log([0.1, 0.5]) },
    ];
    const row = (more: object) => ({
      ...{ label: 'random', metrics, logs, printed: { at: null, where: { inquiry: 'random-center' }, value: 'avg' } },
      ...more,
    });
    const [table] = await drawn(await params({ printed: 'table8_centers', rows: [row({})] }));
    expect(table?.rows.map(({ cells }) => cells[0]?.text)).toEqual(['random †', 'random, printed']);
    expect(table?.rows[1]?.cells.find(({ text }) => text === 'did not converge')).toMatchObject({
      quoted: true,
      at: ['results.yaml#/table8_centers/0/converged'],
    });
    expect(table?.notes.find((note) => note.startsWith('†'))).toMatch(
      /^† random: 1 of the trainings did .*\(12\.5 %\)\.$/,
    );
    const [learned] = await drawn(await params({ printed: 'table8_centers', rows: [row({ logs: logs.slice(1) })] }));
    expect(learned?.rows[0]?.cells[0]?.text).toBe('random');
    const unlogged = [
      { matrix: { m: 1, seed: 1 }, artifact: await putMetrics(store, { kind: 'training', series: {} }) },
    ];
    await expect(drawn(await params({ printed: 'table8_centers', rows: [row({ logs: unlogged })] }))).rejects.toThrow(
      /has no series "accuracy"/,
    );
  });

  it('comes after the tables of smaller numbers, and needs no printed rows', async () => {
    const { table11 } = (await params()) as { table11: TablesParams[string] };
    const bare = {
      ...table11,
      paper: null,
      printed: null,
      rows: table11.rows.map((row) => ({ ...row, printed: null })),
    };
    const tables = await drawn({ table11: bare, table2: bare });
    expect(tables.map(({ id }) => id)).toEqual([
      'tables-table2',
      'tables-table2-differences',
      'tables-table11',
      'tables-table11-differences',
    ]);
    expect(tables[0]?.rows).toHaveLength(2);
    for (const { columns, rows } of tables) for (const { cells } of rows) expect(cells).toHaveLength(columns.length);
    expect(tables[0]?.columns.map(({ label }) => label)).not.toContain('Here − printed');
    expect(tables[0]?.notes.join(' ')).not.toMatch(/printed/i);
    const titleOf = async (given: TablesParams): Promise<string | undefined> =>
      block.draw(await readTables(given, new ReportReader(store)), { title: '', description: '', note: '' }).section
        ?.title;
    expect(await titleOf({ table11: bare })).toBe('Tables');
    expect(await titleOf({ table11, table2: bare })).toBe('The paper’s tables, made again');
    await expect(drawn({ table11: { ...table11, paper: null } })).rejects.toMatchObject({ code: 'ReportInputInvalid' });
  });
});

describe.each(['mini', 'paper'])('the tables of pipelines/paper/all.yaml at the scale "%s"', (scale) => {
  const spec = readSpec('pipelines/paper/all.yaml', { cwd: root, set: [`scale=${scale}`] });
  const report = expandSpec(spec, loadStageSchemas()).nodes.at(-1)?.params as unknown as {
    tables: TablesParams;
    measures: MeasuresParams;
  };
  const unprinted = /without copies of the inquiry$|chosen on the validation people$/;
  const cases = Object.entries(report.tables).flatMap(([name, table]) =>
    table.rows.map((row) => ({ title: `${name}, ${row.label}`, table, row })),
  );

  it.each(cases)('$title: is beside printed rows of the paper’s file', ({ table, row }) => {
    const { printed } = row;
    if (!printed) return expect(row.label).toMatch(unprinted);
    const place = (printed.at ?? table.printed) as string;
    const points = (row.metrics as readonly Labelled[]).map(({ matrix: { seed: _, ...point } }) => point);
    const found = points.map((point) => printedRow(quotation, place, printed, point));
    const without = points.filter((_, i) => 'refusal' in (found[i] as object));
    // Table 11 has steps of 0.1, the miniature of 0.25.
    expect(without.every(({ m }) => scale === 'mini' && Math.abs((m as number) % 0.5) === 0.25)).toBe(true);
    expect(without.length).toBeLessThan(points.length);
  });

  const measured = Object.entries(report.measures).flatMap(([name, table]) =>
    table.rows.map((row) => ({ title: `${name}, ${row.label}`, table, row })),
  );
  it.each(measured)('$title: has a printed number for each column that says so', ({ table, row }) => {
    const without = table.columns.every(({ printed }) => printed === null);
    expect(row.printed === null || row.printed === undefined, 'a row has a printed one where a column has').toBe(
      without,
    );
    if (without) return;
    const { at, where } = row.printed as { at: string | null; where: JsonObject };
    const found = printedEntry(quotation, (at ?? table.printed) as string, where, row.point ?? {});
    if ('refusal' in found) throw found.refusal;
    for (const { printed } of table.columns)
      if (printed !== null && typeof found.entry !== 'number')
        expect(printedNumber(found, printed).at).toMatch(/^results\.yaml#\/table/);
  });
});
