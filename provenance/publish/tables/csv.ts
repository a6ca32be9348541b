import type { ShownTable } from './read.ts';

/**
 * A table as CSV (RFC 4180) for spreadsheets and data frames: what follows ± has a column of its own, numbers have ASCII signs and no
 * thousands separators, and where there is no number the field is empty.
 */
export const tableCsv = ({ columns, rows }: ShownTable): string => {
  const spread = columns.map((_, c) => rows.some((row) => row[c]?.spread !== undefined));
  const heads = columns.flatMap(({ label }, c) => (spread[c] ? [label, `${label} ±`] : [label]));
  const lines = rows.map((row) =>
    columns.flatMap(({ label, numeric }, c) => {
      const cell = row[c];
      const plain = (text = ''): string => (numeric ? numberText(text) : text);
      const text = label === 'Source' ? (cell?.sources.join(' ') ?? '') : plain(cell?.text);
      return spread[c] ? [text, plain(cell?.spread)] : [text];
    }),
  );
  return `${[heads, ...lines].map((line) => line.map(field).join(',')).join('\r\n')}\r\n`;
};

const numberText = (text: string): string =>
  text === '–' ? '' : text.replaceAll('−', '-').replace(/(?<=\d),(?=\d{3}(\D|$))/g, '');

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
