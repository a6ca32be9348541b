import { type Digest, shortDigest } from '../core/digest.ts';
import { deviationsText } from './deviations.ts';
import { keyFigures, type NumberedPart, sectionsOf } from './document.ts';
import type { ReportModel } from './model.ts';
import { paragraphs } from './page.ts';
import { soFarText } from './so-far.ts';
import type { Cell, TableModel } from './table.ts';
import { machinesMark, tookIn, tookMark } from './took.ts';

/** Text that Markdown (with tables and raw HTML, as GitHub renders it) shows as it is; control characters become U+FFFD. */
export const escapeMarkdown = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '\ufffd')
    .replace(/[\\`*_[\]|~$]/g, '\\$&')
    .replace(/^([#+=-])/, '\\$1')
    .replace(/^(\d+)([.)]) /, '$1\\$2 ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/@/g, '&#64;');

/** The report's tables; its figures are in the HTML page only. */
export const reportMarkdown = (model: ReportModel): string => {
  const parts = [`# ${escapeMarkdown(model.title)}`];
  if (model.soFar) parts.push(...soFarText(model.soFar).map((text) => `> ${escapeMarkdown(text)}`));
  parts.push(...paragraphs(model.description).map(escapeMarkdown));
  if (model.deviations) parts.push(deviationsText(model.deviations));
  if (model.skipped) {
    const stages = model.skipped.map(({ stage, because }) => `- ${escapeMarkdown(stage)}: ${escapeMarkdown(because)}`);
    parts.push('Made without these stages:', stages.join('\n'));
  }
  const keys = keyFigures(model);
  if (keys.length > 0) {
    parts.push(
      keys
        .map((k) => `- ${escapeMarkdown(k.what)}: **${k.value}${k.unit ? ` ${k.unit}` : ''}** ${sources(k.artifacts)}`)
        .join('\n'),
    );
  }
  for (const section of sectionsOf(model)) {
    parts.push(`## ${escapeMarkdown(section.title)}`);
    if (section.intro) parts.push(escapeMarkdown(section.intro));
    parts.push(...section.parts.map(partText));
  }
  parts.push('## Where the numbers come from');
  parts.push(
    markdownTable(
      ['Artifact', 'Type', 'What it is here', 'Digest'],
      [false, false, false, false],
      model.sources.map((s) => [
        `\`${shortDigest(s.digest)}\``,
        escapeMarkdown(s.type),
        escapeMarkdown(s.what.join('; ')),
        `\`${s.digest}\``,
      ]),
    ),
  );
  return `${parts.join('\n\n')}\n`;
};

const partText = (part: NumberedPart): string => {
  if ('table' in part) return `**${part.name}.** ${tableText(part.table)}`;
  if ('statement' in part)
    return escapeMarkdown(part.statement.map((phrase) => (typeof phrase === 'string' ? phrase : phrase.text)).join(''));
  return `*${part.name} (in report.html).* ${escapeMarkdown(part.figure.caption)}`;
};

const tableText = (table: TableModel): string =>
  [
    escapeMarkdown(table.caption),
    markdownTable(
      table.columns.map((c) => escapeMarkdown(c.label)),
      table.columns.map((c) => c.numeric),
      table.rows.map((row) => row.cells.map((cell, i) => cellText(cell, i === 0 && row.reference === true))),
    ),
    ...table.notes.map(escapeMarkdown),
    ...(table.tookNote ? [`${escapeMarkdown(table.tookNote)}${machinesMark(tookIn(table))}`] : []),
  ].join('\n\n');

const cellText = (cell: Cell, reference: boolean): string => {
  if (cell.source) return sources(cell.artifacts ?? []);
  const text = `${escapeMarkdown(cell.text)}${cell.spread === undefined ? '' : ` ± ${escapeMarkdown(cell.spread)}`}`;
  if (cell.took) return `${text}${tookMark(cell.took)}`;
  const own = cell.linked ? ` ${sources(cell.artifacts ?? [])}` : '';
  return `${cell.best ? `**${text}**` : text}${own}${reference ? ' (reference)' : ''}`;
};

const sources = (artifacts: readonly Digest[]): string => artifacts.map((a) => `\`${shortDigest(a)}\``).join(' ');

const markdownTable = (
  head: readonly string[],
  numeric: readonly boolean[],
  rows: readonly (readonly string[])[],
): string =>
  [
    `| ${head.join(' | ')} |`,
    `| ${numeric.map((n) => (n ? '---:' : '---')).join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
