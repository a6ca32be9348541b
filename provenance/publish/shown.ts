import { unescapeHtml } from '../../report/html.ts';

/** The numbers that the cards of a page repeat, by the id of the number. A page of another style may have none. */
export const cardsIn = (page: string): Map<string, string> =>
  new Map(
    [...page.matchAll(/<aside class="card" id="why\.([^"]+)">[\s\S]*?<p class="card-value">([\s\S]*?)<\/p>/g)].map(
      ([, id, text]) => [unescapeHtml(id as string), unescapeHtml((text as string).replace(/<[^>]*>/g, ''))],
    ),
  );

/**
 * The figures of a page, in order: every number of its text, every coordinate of its charts, every picture. Words and style do
 * not count, nor does what publishing added ("How it was made" and the cards).
 */
export const figuresIn = (page: string): string[] => {
  const from = Math.max(0, page.indexOf('<body>'));
  const to = page.search(/<section id="record"|<!--record-->/);
  const own = page.slice(from, to < 0 ? undefined : to);
  const parts = own.match(/<svg[\s\S]*?<\/svg>|<img [^>]*>|[^<]+|<[^>]*>/g) ?? [];
  return parts.flatMap((part) => {
    if (part.startsWith('<svg')) return digitsIn(part);
    if (part.startsWith('<img ')) return /src="([^"]*)"/.exec(part)?.[1] ?? [];
    return part.startsWith('<') ? [] : digitsIn(part);
  });
};

/** The numbers in the rows of tables and in the list of key figures of a `report.md`, row by row. */
export const markdownFigures = (text: string): string[] =>
  text.split('\n').flatMap((line) => (/^(\||- )/.test(line) ? [digitsIn(line).join(' ')] : []));

/** The texts of the cells and key figures of a `report.md`, as the page prints them. */
export const markdownTexts = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    if (line.startsWith('- ')) return [...line.matchAll(/\*\*(.+?)\*\*/g)].map(([, value]) => value as string);
    if (!line.startsWith('|')) return [];
    return markdownCells(line).map((cell) => unescapeHtml(plainCell(cell)));
  });

/** The cells of a line of a table; a bar that belongs to a text has a backslash before it. */
export const markdownCells = (line: string): string[] => {
  const cells: string[] = [];
  let cell = '';
  for (let i = 1; i < line.length; i++) {
    if (line[i] === '\\') cell += `${line[i]}${line[++i] ?? ''}`;
    else if (line[i] === '|') {
      cells.push(cell.trim());
      cell = '';
    } else cell += line[i];
  }
  return cells;
};

/** A cell without emphasis, escapes, and the digest or remark that may follow its number. */
const plainCell = (cell: string): string =>
  cell
    .replace(/( `[0-9a-f]+`)+$/, '')
    .replace(/ \(reference\)$/, '')
    .replace(/^\*\*(.*)\*\*$/, '$1')
    .replace(/\\(.)/g, '$1');

/** Numbers as they are written, each with its sign. */
const digitsIn = (text: string): string[] => unescapeHtml(text).match(/[-−]?\d+(?:[.,]\d+)*/g) ?? [];
