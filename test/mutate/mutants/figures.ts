import { type Mutant, mutantsOf } from '../mutant.ts';

const figures = 'test/provenance/figures.test.ts';
const files = 'test/client/report-figures.test.ts';
const png = 'test/formats/svg.test.ts';
const browser = 'test/report/browser.test.ts';

/** The figures of a report as files, and its page in a browser: the last need Chromium. */
export const figureMutants: readonly Mutant[] = [
  ...mutantsOf(
    'provenance/publish/figures/style.ts',
    [figures],
    [
      {
        name: 'figures/dark',
        find: "medium?.trim() === 'print'",
        replace: "medium?.trim() !== 'print'",
        breaks: 'figures have the colours of dark screens on white',
      },
      {
        name: 'figures/any-class',
        find: '.every((name) => used.has(name))',
        replace: '.some((name) => used.has(name))',
        breaks: 'a line is drawn as a faint one',
      },
      {
        name: 'figures/page-properties',
        find: "values.get(name) ?? 'inherit'",
        replace: '`var(${name})`',
        breaks: 'a file has colours that only the page defines',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/publish/figures/svg.ts',
    [figures],
    [
      {
        name: 'figures/one-line',
        find: 'if (x > 0 && x + size.width > pageWidth) [x, y, lineHeight] = [0, y + lineHeight + gap, 0];',
        replace: '',
        breaks: 'drawings stand in one endless line',
      },
      {
        name: 'figures/overlap',
        find: 'x += size.width + gap;',
        replace: 'x += gap;',
        breaks: 'drawings lie on one another',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/publish/figures/faces.ts',
    [figures],
    [
      {
        name: 'figures/fractions',
        find: 'Math.max(1, Math.floor(most / height))',
        replace: 'most / height',
        breaks: 'pixels of one picture differ in size',
      },
      {
        name: 'figures/narrow-labels',
        find: '.sort(bySpan)',
        replace: '',
        breaks: 'a label over several columns widens one that is wide enough',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/publish/figures/link.ts',
    [figures],
    [
      {
        name: 'figures/pictures-twice',
        find: "if (figure.panels.some(({ drawing }) => 'rows' in drawing)) return markup;",
        replace: '',
        breaks: 'a page holds every picture twice',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/publish/figures/read.ts',
    [figures],
    [
      {
        name: 'figures/titles',
        find: "      title = '';",
        replace: '',
        breaks: 'drawings without a title get that of another',
      },
    ],
  ),
  ...mutantsOf(
    'client/report-figures.ts',
    [files],
    [
      {
        name: 'figures/small-png',
        find: 'const pngScale = 3;',
        replace: 'const pngScale = 1;',
        breaks: 'pictures for print are as coarse as a screen',
      },
    ],
  ),
  ...mutantsOf(
    'formats/svg.ts',
    [png],
    [
      {
        name: 'figures/boxes',
        find: 'return !i.equals(m);',
        replace: 'return i.length === m.length;',
        breaks: 'letters are boxes where there is no font',
      },
      {
        name: 'figures/print-size',
        find: '.withDensity(pixelsPerInch * scale)',
        replace: '.withDensity(pixelsPerInch)',
        breaks: 'a picture prints three times as large',
      },
    ],
  ),
  ...mutantsOf(
    'report/style.ts',
    [browser],
    [
      {
        name: 'page/names-scroll-away',
        find: 'position:sticky;left:0;z-index:1;',
        replace: '',
        breaks: 'on a phone nobody sees which row a number is of',
      },
      {
        name: 'page/tiny-charts',
        find: '.scroll>svg.wide{min-width:830px}',
        replace: '',
        breaks: 'on a phone the type of charts is 4 pixels high',
      },
      {
        name: 'page/dark-print',
        find: '--paper:#fff;--raised:#f5f5f3;--ink:#000;',
        replace: '',
        breaks: 'a dark system prints light on dark',
      },
    ],
  ),
];
