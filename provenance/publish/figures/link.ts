import { html } from '../../../report/html.ts';
import { slug } from '../tables/latex.ts';
import { replaceFigures } from './read.ts';
import { styleIn } from './style.ts';
import { figureSvg } from './svg.ts';

/**
 * Gives each chart of a page a link that saves it as SVG. The file is in the link: a page needs no others. Pictures get none, as each
 * can be saved from the page.
 */
export const linkFigures = (page: string, run: string): string => {
  const sheet = styleIn(page);
  return replaceFigures(page, (figure, markup) => {
    if (figure.panels.some(({ drawing }) => 'rows' in drawing)) return markup;
    const data = Buffer.from(figureSvg(figure, sheet, run)).toString('base64');
    const link = html` <a class="file" download="${slug(figure.name)}.svg" href="data:image/svg+xml;base64,${data}">SVG</a>`;
    return markup.replace(/(?=<\/figcaption><\/figure>$)/, () => link.markup);
  });
};
