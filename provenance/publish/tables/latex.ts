import type { ShownCell, ShownTable } from './read.ts';

/** A table for a paper: `booktabs`, the best of a column bold, sources left out. @param root of the run, in a comment */
export const tableLatex = ({ name, caption, columns, rows, notes }: ShownTable, root: string): string => {
  const shown = columns.flatMap(({ label }, c) => (label === 'Source' ? [] : [c]));
  const line = (cells: readonly string[]): string => `    ${cells.join(' & ')} \\\\`;
  return [
    `% ${name}, written by cemiflow; run ${root}. Needs \\usepackage{booktabs}.`,
    ...notes.flatMap((note) => note.split('\n').map((text) => `% ${text}`)),
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${escapeLatex(caption)}}`,
    `  \\label{tab:${slug(caption)}}`,
    `  \\begin{tabular}{${shown.map((c) => (columns[c]?.numeric ? 'r' : 'l')).join('')}}`,
    '    \\toprule',
    line(shown.map((c) => escapeLatex(columns[c]?.label ?? ''))),
    '    \\midrule',
    ...rows.map((row) => line(shown.map((c) => cellText(row[c])))),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
};

const cellText = (cell: ShownCell | undefined): string => {
  if (cell === undefined) return '';
  const text = cell.best ? `\\textbf{${escapeLatex(cell.text)}}` : escapeLatex(cell.text);
  return cell.spread === undefined ? text : `${text} {\\scriptsize$\\pm$ ${escapeLatex(cell.spread)}}`;
};

const marks: { readonly [mark: string]: string } = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '−': '$-$',
  '×': '$\\times$',
  '±': '$\\pm$',
  τ: '$\\tau$',
  '≥': '$\\ge$',
  '≤': '$\\le$',
  '<': '$<$',
  '>': '$>$',
  '–': '--',
  '“': '``',
  '”': "''",
  '’': "'",
};

const escapeLatex = (text: string): string =>
  text.replace(/[&%$#_{}]/g, '\\$&').replace(/[~^−×±τ≥≤<>–“”’]|\\(?![&%$#_{}])/g, (mark) => marks[mark] as string);

/** `methods-side-by-side` */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
    .replace(/-$/, '');
