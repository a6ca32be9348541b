import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { beforeAll, describe, expect, it } from 'vitest';
import { readFigures, type ShownFigure } from '../../provenance/publish/figures/read.ts';
import { drawingStyle, styleIn, styleValue } from '../../provenance/publish/figures/style.ts';
import { figureSvg } from '../../provenance/publish/figures/svg.ts';
import { rootIn } from '../../provenance/publish/page.ts';
import { figuresIn } from '../../provenance/publish/shown.ts';
import { madeUpPage } from '../report/published.ts';

/** The published page of a report with every block. */
let page: string;
let figures: ShownFigure[];
beforeAll(async () => {
  page = await madeUpPage();
  figures = readFigures(page);
});

const titled = (words: string): ShownFigure => figures.find(({ caption }) => caption.includes(words)) as ShownFigure;

const sheet = `
:root{--ink:#111;--paper:#eee;--sans:"A B",c}
@media (prefers-color-scheme:dark){:root{--ink:#fff}.chart .line{stroke:red}}
.chart text{fill:var(--ink)}
.chart .line,.card .line{stroke:var(--ink)}
.chart .level.faint{opacity:.5}
svg.chart{width:100%}
.chart .mark:hover{fill:red}
@media print{@page wide{size:landscape}:root{--ink:#000}}
`;

describe('the style of a drawing', () => {
  it('is what the page has for it, in the colours of print, without properties of the page', () => {
    const style = drawingStyle(sheet, '<g class="chart"><text/><path class="line"/></g>');
    expect(style).toBe('.chart text{fill:#000}\n.chart .line{stroke:#000}');
    expect(styleValue(sheet, '--sans')).toBe('"A B",c');
  });

  it('has rules for all classes of an element together', () => {
    const rules = (name: string) => drawingStyle(sheet, `<g class="chart"><path class="${name}"/></g>`);
    expect(rules('level faint')).toContain('.chart .level.faint{opacity:.5}');
    expect(rules('level')).not.toContain('opacity');
  });
});

describe('the figures of a page', () => {
  it('are all that it numbers, with their captions and drawings', () => {
    expect(figures.map(({ name }) => name)).toEqual(figures.map((_, i) => `Figure ${i + 1}`));
    expect(figures).toHaveLength(page.match(/<figcaption><b>Figure /g)?.length ?? 0);
    const sizes = figures.map(({ panels }) => panels.length);
    expect(sizes).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 3, 1, 18, 5, 6]);
    expect(titled('Accuracy over m').caption).toMatch(/^Accuracy over m: each benchmark.*the table above\.$/);
    const pairs = titled('Pairs of identities').panels.map(({ title }) => title);
    expect(pairs.slice(0, 4)).toEqual(['Real set', '', 'CemiFace, m = −0.5', '']);
    expect(titled('Similarities of all').panels.map(({ title }) => title)).toEqual([
      'the teacher (AdaFace)',
      'a recognizer the generator never saw',
    ]);
  });

  it('hold every picture of the page, once', () => {
    const drawn = figures.map((each) => figureSvg(each, '', 'r')).join('');
    const pictures = (text: string, attribute: string) =>
      [...text.matchAll(new RegExp(` ${attribute}="(data:image/png;base64,[^"]*)"`, 'g'))]
        .map(([, href]) => href)
        .sort();
    expect(pictures(drawn, 'href')).toEqual(pictures(page, 'src'));
  });

  it('are XML that needs nothing else, and name the run', () => {
    for (const figure of figures) {
      const svg = figureSvg(figure, styleIn(page), 'sha256:abc');
      expect(XMLValidator.validate(svg), figure.name).toBe(true);
      expect(svg, figure.name).not.toMatch(
        /var\(|https?:(?!\/\/www\.w3\.org\/2000\/svg")|<script|<style>\s*<\/style>.*class=/s,
      );
      expect(svg).toContain('<desc>Written by cemiflow; run sha256:abc</desc>');
      const { svg: root } = new XMLParser({ ignoreAttributes: false }).parse(svg);
      expect(root.title).toBe(`${figure.name}. ${figure.caption}`);
      expect(root.rect).toMatchObject({ '@_fill': '#fff', '@_width': root['@_width'], '@_height': root['@_height'] });
    }
  });

  it('are what the page draws: charts to the digit, with the artifacts of their points', () => {
    const charts = [...page.matchAll(/<svg class="chart[^>]*>(.*?)<\/svg>/gs)].map(([, inner]) => inner as string);
    const drawn = figures.map((each) => figureSvg(each, styleIn(page), 'r')).join('');
    expect(charts).toHaveLength(16);
    for (const chart of charts) expect(drawn).toContain(chart);
  });

  it('lie beside one another where the width of the page has room, and never on one another', () => {
    const places = (figure: ShownFigure) =>
      [...figureSvg(figure, '', 'r').matchAll(/^<g transform="translate\(([\d.]+) ([\d.]+)\)">/gm)].map(([, x, y]) => [
        Number(x),
        Number(y),
      ]);
    expect(places(titled('Similarities of all'))).toEqual([
      [12, 12],
      [508, 12],
    ]);
    const curves = places(titled('Logged values'));
    expect(new Set(curves.map(String)).size).toBe(6);
    expect(curves.filter(([, y]) => y === 12)).toHaveLength(3);
  });

  it('enlarge pictures by whole numbers, below the labels of their columns', () => {
    const svg = figureSvg(titled('Each row shares one noise'), '', 'r');
    expect(svg.match(/<image [^>]*width="128" height="128"[^>]*pixelated/g)).toHaveLength(20);
    const labels = [...svg.matchAll(/<text x="(\d+)" y="14">([^<]+)</g)].map(([, x, text]) => [text, Number(x)]);
    expect(labels.map(([text]) => text)).toEqual(['Inquiry', 'm = −0.5', 'm = 0', 'm = 0.5', 'm = 1']);
    const columns = [...new Set([...svg.matchAll(/<image x="(\d+)"/g)].map(([, x]) => Number(x)))];
    expect(labels.map(([, x]) => x)).toEqual(columns);
  });

  it('make room for a label that is wider than its pictures, and no more', () => {
    const cell = { text: '', span: 1, picture: { href: 'data:image/png;base64,AA==', width: 32, height: 32 } };
    const labels = [
      { text: 'a label of many letters', span: 1 },
      { text: 'over two', span: 2 },
      { text: 'longer, over two', span: 2 },
    ];
    const drawing = { rows: [labels, [cell, cell, cell, cell, cell]], height: 64 };
    const svg = figureSvg({ name: 'F', caption: 'c', panels: [{ title: '', drawing }] }, '', 'r');
    const columns = [...svg.matchAll(/<image x="(\d+)"/g)].map(([, x]) => Number(x));
    expect(columns).toEqual([0, 155, 222, 289, 356]);
    expect(svg).toMatch(/^<svg [^>]*width="444"/);
  });
});

describe('a published page', () => {
  const links = (text: string) =>
    [...text.matchAll(/<a class="file" download="([^"]*)" href="data:image\/svg\+xml;base64,([^"]*)">SVG<\/a>/g)].map(
      ([, name, data = '']) => [name, Buffer.from(data, 'base64').toString('utf8')],
    );

  it('holds each chart as a file to save, and pictures once', () => {
    const charts = figures.filter(({ panels }) => panels.every(({ drawing }) => 'markup' in drawing));
    expect(links(page)).toEqual(
      charts.map((each) => [
        `${each.name.replace('Figure ', 'figure-')}.svg`,
        figureSvg(each, styleIn(page), rootIn(page) as string),
      ]),
    );
  });

  it('shows the same numbers as without these files, and the same figures are read from it', () => {
    const without = page.replace(/ <a class="file".*?<\/a>/g, '');
    expect(without.length).toBeLessThan(page.length);
    expect(figuresIn(page)).toEqual(figuresIn(without));
    expect(readFigures(without)).toEqual(figures);
  });
});
