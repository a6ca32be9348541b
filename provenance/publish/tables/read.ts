import { unescapeHtml } from '../../../report/html.ts';
import { markdownCells } from '../shown.ts';

/** A table of a report's Markdown, as people see it. */
export interface ShownTable {
  /** `Table 1` */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly { readonly label: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly ShownCell[])[];
  readonly notes: readonly string[];
}

export interface ShownCell {
  readonly text: string;
  /** What is printed after ±. */
  readonly spread?: string;
  readonly best: boolean;
  /** Short digests of the artifacts that the cell names. */
  readonly sources: readonly string[];
}

const heading = /^\*\*(Table \d+)\.\*\* (.*)$/;

/** The tables of a report's Markdown, in their order. */
export const readTables = (markdown: string): ShownTable[] => {
  const blocks = markdown.split('\n\n');
  return blocks.flatMap((block, i) => {
    const head = heading.exec(block);
    const [labels, rule, ...rows] = (blocks[i + 1] ?? '').split('\n');
    if (!head || !labels?.startsWith('|') || !rule) return [];
    const numeric = markdownCells(rule).map((cell) => cell.endsWith(':'));
    const after = blocks.slice(i + 2);
    const end = after.findIndex((each) => /^(\*\*Table |\*Figure |#)/.test(each));
    return {
      ...{ name: head[1] as string, caption: plainText(head[2] as string) },
      columns: markdownCells(labels).map((label, c) => ({ label: plainText(label), numeric: numeric[c] === true })),
      rows: rows.map((row) => markdownCells(row).map(cellOf)),
      notes: after.slice(0, end < 0 ? after.length : end).map((note) => plainText(note.trimEnd())),
    };
  });
};

const cellOf = (written: string): ShownCell => {
  const sources = [...written.matchAll(/`([0-9a-f]{12})`/g)].map(([, digest]) => digest as string);
  const shown = written.replace(/ ?`[0-9a-f]{12}`/g, '').trim();
  const bold = /^\*\*(.*?)\*\*(.*)$/.exec(shown);
  const [text = '', spread] = (bold ? `${bold[1]}${bold[2]}` : shown).split(' ± ').map(plainText);
  return { text, ...(spread === undefined ? {} : { spread }), best: bold !== null, sources };
};

/** What `escapeMarkdown` made of a text, as the text again. */
const plainText = (markdown: string): string =>
  unescapeHtml(markdown.replace(/\\(.)/g, '$1').replaceAll('&#58;', ':').replaceAll('&#64;', '@'));
