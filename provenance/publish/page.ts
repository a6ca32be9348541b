import { type Digest, shortDigest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { madeNodes } from '../../core/lineage.ts';
import { plural } from '../../core/words.ts';
import { attribute, type Html, html, unescapeHtml } from '../../report/html.ts';
import { marks } from '../../report/page.ts';
import type { Printed } from '../../report/printed.ts';
import { chainOf, type Step } from '../trace/chain.ts';
import { chainOfNumber, type NumberChain } from '../trace/numbers.ts';
import { factsOf, seconds } from '../trace/text.ts';
import { costsTable } from './costs.ts';
import { linkFigures } from './figures/link.ts';
import { foreignNumbers, withForeignMarks } from './foreign.ts';
import { withTimes } from './times.ts';

/** One finding, as a line of the page. */
export interface Notice {
  readonly severity: 'warning' | 'note';
  readonly message: string;
  /** What it is and what it is about, whatever its words; a page of an earlier version does not say. */
  readonly kind?: string;
  readonly nodes?: readonly string[];
}

/**
 * The page of a run's report as people get it. It adds what the artifact cannot hold, because equal runs differ in it: the run's
 * root, findings, every step with its machine and time, and behind each number the steps that it depends on; and each chart as a file
 * to save. The same root, findings and code give the same bytes.
 *
 * @param page `report.html` of the report's artifact
 * @param publisher digest of the code that does this
 */
export const publishPage = (
  page: string,
  lineage: Lineage,
  numbers: readonly Printed[],
  findings: readonly Notice[],
  publisher: Digest,
): string => {
  const steps = chainOf(
    lineage,
    madeNodes(lineage).map(({ node }) => node.id),
  ).steps;
  const anchors = new Map(steps.map(({ id }, i) => [id, `step.${i}`]));
  const chains = numbers.map((printed) => chainOfNumber(lineage, printed));
  const filled = chains.reduce(
    (text, chain, i) => fill(text, marks.chain(i), chainList(chain, anchors, lineage.run.id)),
    page,
  );
  const foreign = foreignNumbers(chains);
  const recorded = fill(
    withTimes(withForeignMarks(filled, foreign), lineage),
    marks.record,
    record(lineage, steps, anchors, findings, foreign.size > 0),
  );
  const published = fill(recorded, marks.root, html`${rootLine(lineage)}${publisherLine(publisher)}`);
  return linkFigures(published, lineage.root?.digest ?? lineage.run.id);
};

/** The root that a published page prints. */
export const rootIn = (page: string): Digest | undefined =>
  /<span class="digest" data-root="(sha256:[0-9a-f]{64})">/.exec(page)?.[1] as Digest | undefined;

/** The findings that a page lists. */
export const findingsIn = (page: string): Notice[] =>
  [...page.matchAll(/<li class="(warning|note)"([^>]*)><b>\1<\/b> (.*?)<\/li>/g)].map(
    ([, severity, attributes = '', message]) => {
      const kind = /data-finding="([^"]*)"/.exec(attributes)?.[1];
      const nodes = /data-nodes="([^"]*)"/.exec(attributes)?.[1];
      return {
        severity: severity as Notice['severity'],
        message: unescapeHtml(message as string),
        ...(kind === undefined ? {} : { kind: unescapeHtml(kind), nodes: unescapeHtml(nodes ?? '').split(' ') }),
      };
    },
  );

/** The numbers that a page shows, by id, as `Printed.text` writes them. */
export const shownIn = (page: string): Map<string, string> =>
  new Map(
    [...page.matchAll(/<(td|th|dd) id="([^"]+)"[^>]* data-artifact="[^"]*"[^>]*>(.*?)<\/\1>/g)].map(
      ([, , id, inner]) => [
        unescapeHtml(id as string),
        unescapeHtml((inner as string).replace(/<span class="pm">/g, ' ').replace(/<[^>]*>/g, '')),
      ],
    ),
  );

const fill = (page: string, mark: string, content: Html): string => {
  const at = page.indexOf(mark);
  if (at >= 0) return page.slice(0, at) + content.markup + page.slice(at + mark.length);
  throw new CemiflowError('ReportInvalid', `the report's page has no place ${mark}`, {
    remedy: 'run the experiment again with this version',
    data: { mark },
  });
};

const rootLine = ({ run, root }: Lineage): Html =>
  root
    ? html`Run ${run.id}, root <span class="digest" data-root="${root.digest}">${root.digest}</span>. This digest covers all records and artifacts behind this page. `
    : html`Run ${run.id} has not finished: it has no root. `;

const publisherLine = (publisher: Digest): Html =>
  html`Published by code <span class="digest" data-publisher="${publisher}">${shortDigest(publisher)}</span>. `;

const record = (
  lineage: Lineage,
  steps: readonly Step[],
  anchors: ReadonlyMap<string, string>,
  findings: readonly Notice[],
  hasForeign: boolean,
): Html => html`<section id="record" aria-labelledby="record-h">
<h2 id="record-h">How it was made</h2>
<p class="intro">Run ${lineage.run.id} of ${lineage.run.spec.path.split('/').at(-1)}, started ${lineage.run.startedAt}. Check all of it: <code>cemiflow audit ${lineage.run.id}</code>.</p>
${hasForeign ? html`<p class="intro" id="foreign-note">‡ A number so marked rests on code that is no part of cemiflow: the findings name it.</p>\n` : ''}<p class="caption"><b>Findings.</b></p>
${
  findings.length === 0
    ? html`<p class="intro">None.</p>`
    : html`<ul class="findings">${findings.map(({ severity, message, kind, nodes }) => html`<li class="${severity}"${attribute('data-finding', kind)}${attribute('data-nodes', nodes?.join(' '))}><b>${severity}</b> ${message}</li>\n`)}</ul>`
}
${costsTable(lineage)}<div class="scroll" tabindex="0" role="region" aria-labelledby="record-h"><table class="data" id="steps" aria-labelledby="record-h">
<thead><tr><th scope="col">Step</th><th scope="col">Stage kind</th><th scope="col" class="n">Took</th><th scope="col">Started</th><th scope="col">Machine</th><th scope="col">Action</th></tr></thead>
<tbody>
${steps.map(
  ({ id, record: { action, startedAt, machine, key }, parts, wallSeconds }) =>
    html`<tr><th scope="row"><a href="#${anchors.get(id)}">${id}</a></th><td>${action.kind}${parts > 0 ? `, ${plural(parts, 'shard')}` : ''}</td><td class="n">${seconds(wallSeconds)}</td><td>${startedAt}</td><td>${machine.host}</td><td class="short">${shortDigest(key)}</td></tr>\n`,
)}</tbody>
</table></div>
</section>
<div class="cards">
${steps.map((step) => stepCard(step, anchors, lineage.run.id))}</div>`;

const stepCard = (step: Step, anchors: ReadonlyMap<string, string>, run: string): Html =>
  html`<aside class="card" id="${anchors.get(step.id)}"><a class="close" href="#steps" aria-label="close">×</a>
<p class="card-what">${step.record.action.kind}</p><p class="card-value">${step.id}</p>
<dl>${factsOf(step, run).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${
  step.inputs.length === 0
    ? html`<p>It has no inputs from other steps.</p>`
    : html`<p>Took</p><ul>${step.inputs.map(
        ({ name, node, artifact }) =>
          html`<li>${name} from <a href="#${anchors.get(node)}">${node}</a> <span class="digest">${shortDigest(artifact)}</span></li>`,
      )}</ul>`
}</aside>
`;

const chainList = ({ chain, printed }: NumberChain, anchors: ReadonlyMap<string, string>, run: string): Html => {
  if (printed.quoted) return html`<p>It was not made by this run.</p>`;
  const link = (id: string): Html => html`<a href="#${anchors.get(id)}">${id}</a>`;
  const made = chain.steps.filter(({ id }) => chain.tops.includes(id));
  const behind = chain.steps.filter(({ id }) => !chain.tops.includes(id)).reverse();
  return html`${made.map(
    ({ id, record: { action, startedAt, machine, key }, wallSeconds }) =>
      html`<p>Made by ${link(id)} (${action.kind}, action <span class="digest">${shortDigest(key)}</span>) on ${machine.host}, ${startedAt}, in ${seconds(wallSeconds)}.</p>`,
  )}
${behind.length > 0 ? html`<p>It depends on</p><ol>${behind.map(({ id, record: { action } }) => html`<li>${link(id)} ${action.kind}${chain.ends.includes(id) ? ': raw data' : ''}</li>`)}</ol>` : ''}
<pre>${made.map(({ id }) => `cemiflow audit ${run} --replay '${id}'`).join('\n')}</pre>`;
};
