import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { tableCsv } from '../provenance/publish/tables/csv.ts';
import { slug, tableLatex } from '../provenance/publish/tables/latex.ts';
import { readTables } from '../provenance/publish/tables/read.ts';
import type { FetchedReport } from './report.ts';

export type TableFormat = 'csv' | 'latex';

/**
 * Writes the tables of a report that was fetched into `tables/` beside its page, a file for each.
 *
 * @returns their paths @throws CemiflowError `NotMade` where the report has no table
 */
export const writeTables = async (
  { run, page, root = run }: FetchedReport,
  formats: readonly TableFormat[],
): Promise<string[]> => {
  const tables = readTables(await readFile(join(dirname(page), 'report.md'), 'utf8'));
  if (tables.length === 0)
    throw new CemiflowError('NotMade', `the report of ${run} has no table`, {
      remedy: 'look at its page: a report of pictures has none',
      data: { run },
    });
  const folder = join(dirname(page), 'tables');
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const table of tables)
    for (const format of formats) {
      const text = format === 'csv' ? tableCsv(table) : tableLatex(table, root);
      const name = `${slug(table.name)}-${slug(table.caption)}.${format === 'csv' ? 'csv' : 'tex'}`;
      await writeFile(join(folder, name), text);
      written.push(join(folder, name));
    }
  return written;
};
