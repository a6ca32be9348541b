import { unescapeHtml } from '../../../report/html.ts';

/** A figure of a report's page, as people see it. */
export interface ShownFigure {
  /** `Figure 1` */
  readonly name: string;
  readonly caption: string;
  readonly panels: readonly Panel[];
}

/** One drawing of a figure. */
export interface Panel {
  /** What stands above it; empty where nothing does. */
  readonly title: string;
  readonly drawing: Chart | Faces;
}

export interface Chart {
  /** What the `svg` element holds. */
  readonly markup: string;
  readonly width: number;
  readonly height: number;
}

/** Pictures in rows, with their labels. */
export interface Faces {
  readonly rows: readonly (readonly FaceCell[])[];
  /** Largest height of a picture, in CSS pixels. */
  readonly height: number;
}

export interface FaceCell {
  readonly text: string;
  /** How many columns it spans. */
  readonly span: number;
  readonly picture?: Picture;
}

export interface Picture {
  /** `data:image/png;base64,…` */
  readonly href: string;
  readonly width: number;
  readonly height: number;
}

/** A figure begins before the figures that it may hold, and ends with its numbered caption. */
const figure =
  /<figure>((?:(?!<figcaption><b>).)*)<figcaption><b>(Figure \d+)\.<\/b> (.*?)(<a class="file".*?)?<\/figcaption><\/figure>/gs;

/** Replaces each figure of a page. */
export const replaceFigures = (page: string, replaced: (figure: ShownFigure, markup: string) => string): string =>
  page.replace(figure, (markup, content: string, name: string, caption: string) =>
    replaced({ name, caption: textOf(caption), panels: panelsOf(content) }, markup),
  );

/** The figures of a page, in their order. */
export const readFigures = (page: string): ShownFigure[] => {
  const found: ShownFigure[] = [];
  replaceFigures(page, (each, markup) => {
    found.push(each);
    return markup;
  });
  return found;
};

const drawings = [
  '<p class="panel-title">(?<title>.*?)</p>',
  '<svg class="chart[^>]* viewBox="0 0 (?<width>[\\d.]+) (?<height>[\\d.]+)"[^>]*>(?<chart>.*?)</svg>',
  '<table class="faces(?<size>[^"]*)">(?<table>.*?)</table>',
  '<figure>(?<picture><img[^>]*>)<figcaption>(?<words>.*?)</figcaption></figure>',
].join('|');

const panelsOf = (content: string): Panel[] => {
  const panels: Panel[] = [];
  let title = '';
  for (const { groups = {} } of content.matchAll(new RegExp(drawings, 'gs'))) {
    if (groups.title !== undefined) title = textOf(groups.title);
    else {
      panels.push({ title, drawing: drawingOf(groups) });
      title = '';
    }
  }
  return panels;
};

const drawingOf = (groups: { readonly [name: string]: string | undefined }): Chart | Faces => {
  const { chart, table, size = '', picture = '', words = '' } = groups;
  if (chart !== undefined) return { markup: chart, width: Number(groups.width), height: Number(groups.height) };
  if (table === undefined) return { rows: [[cellOf('', picture)], [cellOf('', words)]], height: 96 };
  const rows = [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd]([^>]*)>(.*?)<\/t[hd]>/gs)].map(([, attributes = '', inner = '']) =>
      cellOf(attributes, inner),
    ),
  );
  return { rows, height: size.includes('large') ? 144 : size.includes('small') ? 64 : 96 };
};

const cellOf = (attributes: string, inner: string): FaceCell => {
  const image = /<img src="(data:image\/png;base64,[^"]*)" width="(\d+)" height="(\d+)"/.exec(inner);
  return {
    text: textOf(inner),
    span: Number(/colspan="(\d+)"/.exec(attributes)?.[1] ?? 1),
    ...(image && { picture: { href: image[1] as string, width: Number(image[2]), height: Number(image[3]) } }),
  };
};

const textOf = (markup: string): string => unescapeHtml(markup.replace(/<[^>]*>/g, '')).trim();
