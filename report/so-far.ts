import { plural } from '../core/words.ts';
import { type Html, html } from './html.ts';

/** What the report of a run that is not done still lacks. */
export interface SoFar {
  readonly run: string;
  /** How many stages that the report reads are not made yet, and how many it reads in all. */
  readonly missing: number;
  readonly of: number;
  /** The missing ones; those of one matrix are one entry. */
  readonly stages: readonly MissingStage[];
}

/** A stage of the spec of whose nodes some are not made yet. */
export interface MissingStage {
  readonly stage: string;
  readonly missing: number;
  readonly of: number;
}

/** The banner of a report so far. */
export const soFarBanner = (soFar: SoFar): Html =>
  html`<div class="so-far" id="so-far" data-missing="${soFar.missing}"><p><b>The report so far.</b> ${howMuchLacks(soFar)}</p>
${soFar.stages.length > 0 ? html`<p>Not made yet: ${soFar.stages.map((each, i) => html`${i > 0 ? ', ' : ''}<code>${each.stage}</code>${countOf(each)}`)}.</p>\n` : ''}<p>Key figures and comparisons follow once everything that they are taken from is made. <code>cemiflow report ${soFar.run}</code> writes this page again.</p></div>
`;

/** The same as plain text, in paragraphs. */
export const soFarText = (soFar: SoFar): string[] => [
  `The report so far. ${howMuchLacks(soFar)}`,
  ...(soFar.stages.length > 0
    ? [`Not made yet: ${soFar.stages.map((each) => `${each.stage}${countOf(each)}`).join(', ')}.`]
    : []),
];

const howMuchLacks = ({ run, missing, of }: SoFar): string =>
  missing === 0
    ? `Run ${run} has made everything that the report reads, and not yet the report.`
    : `Run ${run} has not made ${missing} of the ${plural(of, 'stage')} that the report reads.`;

/** Nothing where the stage is one node. */
const countOf = ({ missing, of }: MissingStage): string =>
  of === 1 ? '' : missing === of ? ` (all ${of})` : ` (${missing} of ${of})`;

/** Rules that only a report so far needs: they leave the pages of finished reports as they are. */
export const soFarStyle = `.so-far{max-width:52em;margin-top:22px;padding:14px 18px 7px;border-left:3px solid var(--s1);background:var(--raised);font:14.5px/1.5 var(--sans)}
.so-far p{margin:0 0 7px}
`;
