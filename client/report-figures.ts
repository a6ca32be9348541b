import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { drawSvg } from '../formats/svg.ts';
import { readFigures } from '../provenance/publish/figures/read.ts';
import { styleIn } from '../provenance/publish/figures/style.ts';
import { figureSvg } from '../provenance/publish/figures/svg.ts';
import { slug } from '../provenance/publish/tables/latex.ts';
import type { FetchedReport } from './report.ts';

export type FigureFormat = 'svg' | 'png';

/** The width of a figure in a PNG is that of a printed page at 450 dots an inch. */
const pngScale = 3;

/**
 * Writes the figures of a report that was fetched into `figures/` beside its page, a file for each.
 *
 * @returns their paths @throws CemiflowError `NotMade` where the report has no figure, `FontsMissing`
 */
export const writeFigures = async (
  { run, page, root = run }: FetchedReport,
  formats: readonly FigureFormat[],
): Promise<string[]> => {
  const text = await readFile(page, 'utf8');
  const figures = readFigures(text);
  if (figures.length === 0)
    throw new CemiflowError('NotMade', `the report of ${run} has no figure`, {
      remedy: 'look at its page: a report of tables has none',
      data: { run },
    });
  const folder = join(dirname(page), 'figures');
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const figure of figures) {
    const svg = figureSvg(figure, styleIn(text), root);
    for (const format of formats) {
      const path = join(folder, `${slug(figure.name)}-${slug(figure.caption)}.${format}`);
      await writeFile(path, format === 'svg' ? svg : await drawSvg(svg, pngScale));
      written.push(path);
    }
  }
  return written;
};
