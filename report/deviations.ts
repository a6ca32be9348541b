import { CemiflowError } from '../core/errors.ts';
import { type Html, html } from './html.ts';

/** What the link to the deviations says. */
export const deviationWords = 'How this differs from the paper';

/** An address that a page may link: only https, so that no link can run code or read a file. */
const isAddress = (where: string): boolean => /^https:\/\/[^\s"'<>`\\]+$/.test(where);

/** A path from the project's root that stays inside it: each part has a letter or digit, so that none is `..`. */
export const isPath = (where: string): boolean => /^\w[\w.-]*(\/[\w.-]*\w[\w.-]*)*$/.test(where);

/** @param where as the spec has it @throws CemiflowError `ReportInputInvalid` */
export const checkDeviations = (where: string): void => {
  if (isAddress(where) || isPath(where)) return;
  throw new CemiflowError(
    'ReportInputInvalid',
    `deviations must be an https address or a path in the project, got ${where}`,
    {
      remedy: 'write a path from the project\'s root without "..", such as docs/deviations.md, or https://…',
      data: { deviations: where },
    },
  );
};

/**
 * Where the experiment's deviations from its paper are listed, for the head of the page. An artifact does not know where its
 * page will lie: of a path it holds the words and the path, and publishing makes the link where the page is written.
 */
export const deviationsLine = (where: string): Html =>
  isAddress(where)
    ? html`<p class="deviations"><a href="${where}">${deviationWords}</a></p>\n`
    : html`<p class="deviations" data-path="${where}">${deviationWords}: <code>${where}</code> in the project</p>\n`;

/** The same for the Markdown. */
export const deviationsText = (where: string): string =>
  isAddress(where) ? `[${deviationWords}](<${where}>)` : `${deviationWords}: \`${where}\` in the project`;
