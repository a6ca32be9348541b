import { deviationWords, isPath } from '../../report/deviations.ts';
import { html } from '../../report/html.ts';

/** The path that a page names, if it names one. */
export const deviationsIn = (page: string): string | undefined => {
  const path = /<p class="deviations" data-path="([^"]*)">/.exec(page)?.[1];
  return path !== undefined && isPath(path) ? path : undefined;
};

/** Makes links of the lines that name the path. @param to the path from the folder of the page or Markdown */
export const linkDeviations = (text: string, path: string, to: string): string =>
  text
    .replace(html`<code>${path}</code> in the project</p>`.markup, () => html`<a href="${to}">${path}</a></p>`.markup)
    .replace(`${deviationWords}: \`${path}\` in the project`, () => `${deviationWords}: [${path}](<${to}>)`);
