import { attribute, Html, html } from '../../../report/html.ts';
import { drawFaces, type Size, sizeOfFaces, textWidth } from './faces.ts';
import type { Panel, ShownFigure } from './read.ts';
import { drawingStyle, styleValue } from './style.ts';

/** Width of the page's charts. Drawings are laid out in lines of this width. */
const pageWidth = 976;
const gap = 16;
const margin = 12;
const titleHeight = 24;

/**
 * A figure as an SVG file by itself, on white and in the colours of print. It needs no page, only fonts where it is shown.
 *
 * @param sheet the page's style sheet @param run root of the run, or its id where it has no root
 */
export const figureSvg = ({ name, caption, panels }: ShownFigure, sheet: string, run: string): string => {
  // Where one has a title, drawings beside one another begin at the same height.
  const top = panels.some(({ title }) => title) ? titleHeight : 0;
  const { places, width, height } = arrange(panels.map((panel) => sizeOf(panel, top)));
  const drawn = html`${panels.map((panel, i) => html`<g transform="translate(${places[i]?.join(' ')})">${drawPanel(panel, top)}</g>\n`)}`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${styleValue(sheet, '--sans')}" font-size="12.5">
<title>${name}. ${caption}</title>
<desc>Written by cemiflow; run ${run}</desc>
<style>${new Html(drawingStyle(sheet, drawn.markup))}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
${drawn}</svg>
`.markup;
};

/** From left to right, then on the next line. */
const arrange = (sizes: readonly Size[]): Size & { readonly places: readonly (readonly [number, number])[] } => {
  let [x, y, width, lineHeight] = [0, 0, 0, 0];
  const places = sizes.map((size) => {
    if (x > 0 && x + size.width > pageWidth) [x, y, lineHeight] = [0, y + lineHeight + gap, 0];
    const place = [margin + x, margin + y] as const;
    lineHeight = Math.max(lineHeight, size.height);
    width = Math.max(width, x + size.width);
    x += size.width + gap;
    return place;
  });
  return { places, width: width + 2 * margin, height: y + lineHeight + 2 * margin };
};

const sizeOf = ({ title, drawing }: Panel, top: number): Size => {
  const { width, height } = 'rows' in drawing ? sizeOfFaces(drawing) : drawing;
  return { width: Math.max(width, textWidth(title)), height: height + top };
};

const drawPanel = (
  { title, drawing }: Panel,
  top: number,
): Html => html`${title && html`<text y="14" font-weight="600">${title}</text>`}
<g${attribute('class', !('rows' in drawing) && 'chart')} transform="translate(0 ${top})">${'rows' in drawing ? drawFaces(drawing) : new Html(drawing.markup)}</g>`;
