import { describe, expect, it } from 'vitest';
import { tableCsv } from '../../provenance/publish/tables/csv.ts';
import { slug, tableLatex } from '../../provenance/publish/tables/latex.ts';
import { readTables } from '../../provenance/publish/tables/read.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { sectionsOf } from '../../report/document.ts';
import { reportMarkdown } from '../../report/markdown.ts';
import type { ReportModel } from '../../report/model.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { madeUpExperiment } from '../report/fixture.ts';

const store = memoryStore();

/** A report of one table, with every kind of cell. */
const model = {
  ...{ title: 'T', description: '', note: '', sources: [] },
  blocks: [
    {
      ...{ name: 'a', numbers: {}, style: '' },
      drawing: {
        section: { id: 's', title: 'S' },
        parts: [
          {
            table: {
              ...{ id: 'a', caption: 'Ours & 50 % of_theirs [x]', notes: ['a note, of 3 | 4'] },
              columns: [
                { label: 'Trained on', numeric: false },
                { label: 'LFW', numeric: true },
                { label: 'Images', numeric: true },
                { label: 'Source', numeric: false },
              ],
              rows: [
                {
                  cells: [
                    { text: 'CemiFace, "m" = −0.5 | a\\b' },
                    { text: '−1.50', spread: '0.20', best: true },
                    { text: '12,345', linked: true, artifacts: [`sha256:${'a'.repeat(64)}`] },
                    { text: '', source: true, artifacts: [`sha256:${'b'.repeat(64)}`] },
                  ],
                },
                {
                  cells: [{ text: '#1 {x}' }, { text: '–' }, { text: '7' }, { text: '', source: true, artifacts: [] }],
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as ReportModel;

describe('the tables of a report', () => {
  const [table, ...others] = readTables(reportMarkdown(model));

  it('are read from its Markdown as they were', () => {
    expect(others).toEqual([]);
    expect(table).toEqual({
      ...{ name: 'Table 1', caption: 'Ours & 50 % of_theirs [x]', notes: ['a note, of 3 | 4'] },
      columns: [
        { label: 'Trained on', numeric: false },
        { label: 'LFW', numeric: true },
        { label: 'Images', numeric: true },
        { label: 'Source', numeric: false },
      ],
      rows: [
        [
          { text: 'CemiFace, "m" = −0.5 | a\\b', best: false, sources: [] },
          { text: '−1.50', spread: '0.20', best: true, sources: [] },
          { text: '12,345', best: false, sources: ['a'.repeat(12)] },
          { text: '', best: false, sources: ['b'.repeat(12)] },
        ],
        [
          { text: '#1 {x}', best: false, sources: [] },
          { text: '–', best: false, sources: [] },
          { text: '7', best: false, sources: [] },
          { text: '', best: false, sources: [] },
        ],
      ],
    });
  });

  it('become CSV: numbers with ASCII signs, deviations in columns of their own, quotes as RFC 4180 has them', () => {
    expect(tableCsv(table as never).split('\r\n')).toEqual([
      'Trained on,LFW,LFW ±,Images,Source',
      `"CemiFace, ""m"" = −0.5 | a\\b",-1.50,0.20,12345,${'b'.repeat(12)}`,
      '#1 {x},,,7,',
      '',
    ]);
  });

  it('become LaTeX: everything escaped, the best bold, sources left out', () => {
    const text = tableLatex(table as never, 'sha256:root');
    expect(text).toContain('\\caption{Ours \\& 50 \\% of\\_theirs [x]}');
    expect(text).toContain('\\label{tab:ours-50-of-theirs-x}');
    expect(text).toContain('\\begin{tabular}{lrr}');
    expect(text).toContain(
      'CemiFace, "m" = $-$0.5 | a\\textbackslash{}b & \\textbf{$-$1.50} {\\scriptsize$\\pm$ 0.20} & 12,345 \\\\',
    );
    expect(text).toContain('\\#1 \\{x\\} & -- & 7 \\\\');
    expect(text).toContain('% a note, of 3 | 4');
    expect(text).toMatch(/^% Table 1, .* run sha256:root/);
  });

  it('of a whole report are all there, cell by cell', async () => {
    const full = await readReport(await madeUpExperiment(store), store);
    const markdown = reportFiles(full).files.find(({ path }) => path === 'report.md')?.text as string;
    const wanted = sectionsOf(full).flatMap(({ parts }) => parts.flatMap((part) => ('table' in part ? [part] : [])));
    const found = readTables(markdown);
    expect(found.map(({ name, rows }) => [name, rows.length])).toEqual(
      wanted.map(({ name, table: { rows } }) => [name, rows.length]),
    );
    for (const [
      t,
      {
        table: { rows, columns, caption },
      },
    ] of wanted.entries()) {
      expect(found[t]?.caption).toBe(caption);
      expect(found[t]?.columns.map(({ label }) => label)).toEqual(columns.map(({ label }) => label));
      for (const [r, { cells }] of rows.entries())
        for (const [c, cell] of cells.entries())
          if (!cell.source && !cell.took && c > 0)
            expect([found[t]?.rows[r]?.[c]?.text, found[t]?.rows[r]?.[c]?.spread]).toEqual([cell.text, cell.spread]);
    }
  });

  it('have names that are good for files', () => {
    expect([slug('Table 1'), slug('Accuracy: m = 0.5 …'), slug('x'.repeat(60))]).toEqual([
      'table-1',
      'accuracy-m-0-5',
      'x'.repeat(40),
    ]);
  });
});
