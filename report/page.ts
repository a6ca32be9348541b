import { createHash } from 'node:crypto';
import { type Digest, hexOf, shortDigest } from '../core/digest.ts';
import { deviationsLine } from './deviations.ts';
import { keyFigures, type NumberedPart, type Section, sectionsOf } from './document.ts';
import { attribute, Html, html } from './html.ts';
import type { ReportModel } from './model.ts';
import { numberIds, printedNumbers } from './printed.ts';
import { soFarBanner, soFarStyle } from './so-far.ts';
import type { Source } from './sources.ts';
import type { Statement } from './statement.ts';
import { styleSheet } from './style.ts';
import type { Cell, TableModel } from './table.ts';
import { machinesMark, tookIn, tookMark } from './took.ts';

/**
 * A report as one HTML file that needs nothing else: no scripts, no requests. Its policy forbids both, and allows only
 * this style sheet, by its hash. Equal models give equal bytes.
 */
export const reportPage = (model: ReportModel): string => {
  const sections = sectionsOf(model);
  const { soFar } = model;
  const style = styleSheet + (soFar ? soFarStyle : '') + model.blocks.map((block) => block.style).join('');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${model.title}${soFar ? ' (so far)' : ''}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header class="top">
<p class="eyebrow">cemiflow report</p>
<h1>${model.title}</h1>
${soFar ? soFarBanner(soFar) : ''}<div class="lede">${paragraphs(model.description).map((text) => html`<p>${text}</p>`)}</div>
${model.deviations ? deviationsLine(model.deviations) : ''}${leftOut(model.skipped)}${keyFigureList(model)}
<nav aria-label="Sections">${sections.map((s) => html`<a href="#${s.id}">${s.title}</a> `)}<a href="#sources">Where the numbers come from</a></nav>
</header>
<main>
${sections.map(section)}
${sourceSection(model.sources)}
${new Html(marks.record)}
</main>
${whyCards(model)}
<footer>${new Html(marks.root)}Made by cemiflow from the artifacts listed above. The same artifacts give this page byte for byte.</footer>
</body>
</html>
`;
  return page.markup;
};

const contentPolicy = (style: string): string => {
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
};

/** Text cut at blank lines. */
export const paragraphs = (text: string): string[] =>
  text
    .split(/\n\s*\n/)
    .map((p) => p.trim())
    .filter((p) => p !== '');

const leftOut = (skipped: ReportModel['skipped']): Html | '' =>
  skipped
    ? html`<div class="lede" id="left-out"><p><b>Made without these stages:</b></p>
<ul>${skipped.map(({ stage, because }) => html`<li><code>${stage}</code>: ${because}</li>\n`)}</ul></div>
`
    : '';

const keyFigureList = (model: ReportModel): Html | '' => {
  const figures = keyFigures(model);
  return figures.length === 0
    ? ''
    : html`<dl class="keys">${figures.map(
        (f) =>
          html`<div><dt>${f.what}</dt><dd id="${f.id}"${from(f.artifacts)}><a class="num" href="#${whyAnchor(f.id)}">${f.value}</a>${f.unit ? html`<span> ${f.unit}</span>` : ''}</dd></div>`,
      )}</dl>`;
};

const section = (s: Section): Html => html`<section id="${s.id}" aria-labelledby="${s.id}-h">
<h2 id="${s.id}-h">${s.title}</h2>
${s.intro ? html`<p class="intro">${s.intro}</p>` : ''}
${s.parts.map(part)}
</section>
`;

const part = (p: NumberedPart): Html => {
  if ('table' in p) return dataTable(p.name, p.table);
  if ('statement' in p) return statementText(p.statement);
  return html`<figure>${p.figure.content}<figcaption><b>${p.name}.</b> ${p.figure.caption}</figcaption></figure>`;
};

/** A number in a sentence opens the card of the table's number that it repeats. */
const statementText = (statement: Statement): Html =>
  html`<p class="statement">${statement.map((phrase) =>
    typeof phrase === 'string'
      ? phrase
      : html`<a class="num" href="#${whyAnchor(phrase.id)}"${from(phrase.artifacts)}>${phrase.text}</a>`,
  )}</p>
`;

const dataTable = (
  name: string,
  table: TableModel,
): Html => html`<div class="${table.quoted ? 'table quoted' : 'table'}">
<p class="caption" id="${table.id}-caption"><b>${name}.</b> ${table.caption}</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="${table.id}-caption"><table class="data" id="${table.id}" aria-labelledby="${table.id}-caption">
<thead><tr>${table.columns.map((c) => html`<th scope="col"${attribute('class', c.numeric && 'n')}${attribute('title', c.title)}>${c.label}</th>`)}</tr></thead>
<tbody>
${rowsOf(table)}</tbody>
</table></div>
${table.notes.length > 0 ? html`<ul class="notes">${table.notes.map((note) => html`<li>${note}</li>`)}${tookNoteOf(table)}</ul>` : ''}
</div>
`;

/** Machines differ between equal runs, as times do. */
const tookNoteOf = (table: TableModel): Html | '' =>
  table.tookNote ? html`<li>${table.tookNote}${new Html(machinesMark(tookIn(table)))}</li>` : '';

const rowsOf = (table: TableModel): Html[] => {
  const ids = numberIds(table);
  return table.rows.map(
    (row, r) =>
      html`<tr${attribute('class', row.reference && 'reference')}>${row.cells.map((cell, c) =>
        tableCell(cell, { id: ids[r]?.[c], numeric: table.columns[c]?.numeric ?? false, isHeader: c === 0 }),
      )}</tr>\n`,
  );
};

/** @param place.id of the cell's number, where it holds one */
const tableCell = (
  cell: Cell,
  { id, numeric, isHeader }: { id: string | undefined; numeric: boolean; isHeader: boolean },
): Html => {
  const classes = [numeric && 'n', cell.best && 'best'].filter(Boolean).join(' ');
  const attributes = html`${attribute('id', id)}${attribute('class', classes || false)}${cell.artifacts ? from(cell.artifacts) : ''}`;
  const spread = cell.spread === undefined ? '' : html`<span class="pm">± ${cell.spread}</span>`;
  if (isHeader) return html`<th scope="row"${attributes}>${cell.text}${spread}</th>`;
  const text = id === undefined ? cell.text : html`<a class="num" href="#${whyAnchor(id)}">${cell.text}</a>`;
  return html`<td${attributes}>${text}${spread}${cell.took ? new Html(tookMark(cell.took)) : ''}${cell.source ? (cell.artifacts ?? []).map(sourceLink) : ''}</td>`;
};

/** What a number came from, for tools (`data-artifact`, full digests) and for people (on hover, short). */
const from = (artifacts: readonly Digest[]): Html =>
  html` data-artifact="${artifacts.join(' ')}" title="from ${artifacts.map(shortDigest).join(', ')}"`;

const anchor = (digest: Digest): string => `a-${hexOf(digest).slice(0, 16)}`;
const sourceLink = (digest: Digest): Html => html`<a class="src" href="#${anchor(digest)}">${shortDigest(digest)}</a>`;

/** Places that publishing fills in: what the artifact cannot hold, because equal runs differ in it. */
export const marks = {
  /** The run's root, at the foot. */
  root: '<!--root-->',
  /** Findings, and every step with its machine and time. */
  record: '<!--record-->',
  /** The steps behind the number of this index in `printedNumbers`. */
  chain: (index: number): string => `<!--chain ${index}-->`,
} as const;

const whyAnchor = (id: string): string => `why.${id}`;

/** A card for each number, shown when the number is clicked. */
const whyCards = (model: ReportModel): Html => {
  const sources = new Map(model.sources.map((source) => [source.digest, source]));
  return html`<div class="cards">
${printedNumbers(model).map(
  (printed, index) =>
    html`<aside class="card" id="${whyAnchor(printed.id)}"><a class="close" href="#${printed.id}" aria-label="back to the number">×</a>
<p class="card-what">${printed.what}</p><p class="card-value">${printed.text}</p>
<p>${printed.quoted ? 'Quoted from' : 'Read from'}</p><ul>${printed.artifacts.map(
      (artifact, i) =>
        html`<li>${attributeOf(printed.at[i])}${sources.get(artifact)?.type ?? 'artifact'} <a class="src" href="#${anchor(artifact)}">${shortDigest(artifact)}</a></li>`,
    )}</ul>
${new Html(marks.chain(index))}<p class="trace"><code>cemiflow trace --file report.html#${printed.id}</code></p></aside>\n`,
)}</div>`;
};

const attributeOf = (at: string | undefined): Html | '' => (at ? html`<code>${at}</code> of ` : '');

const sourceSection = (sources: readonly Source[]): Html => html`<section id="sources" aria-labelledby="sources-h">
<h2 id="sources-h">Where the numbers come from</h2>
<p class="intro">Click a number to see where it was read. Pictures name their artifact on hover. Both carry it in the page’s <code>data-artifact</code> attributes. An artifact’s digest is the SHA-256 of its manifest, which lists the digests of its files.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="sources-h"><table class="data sources" aria-labelledby="sources-h">
<thead><tr><th scope="col">Artifact</th><th scope="col">Type</th><th scope="col">What it is here</th><th scope="col">Digest</th></tr></thead>
<tbody>
${sources.map(
  (s) =>
    html`<tr id="${anchor(s.digest)}"><td class="short">${shortDigest(s.digest)}</td><td>${s.type}</td><td>${s.what.join('; ')}</td><td class="full">${s.digest}</td></tr>\n`,
)}</tbody>
</table></div>
</section>`;
