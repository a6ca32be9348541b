import { beforeAll, describe, expect, it } from 'vitest';
import { jsonFigures, numbersMissing } from '../../provenance/audit/figures.ts';
import { firstDifference } from '../../provenance/audit/page.ts';
import { shownIn } from '../../provenance/publish/page.ts';
import { cardsIn, figuresIn, markdownFigures, markdownTexts } from '../../provenance/publish/shown.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { type Printed, printedNumbers } from '../../report/printed.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { madeUpExperiment } from '../report/fixture.ts';

/** The three files of a report with every block. */
let page: string;
let markdown: string;
let json: string;
let printed: readonly Printed[];

beforeAll(async () => {
  const store = memoryStore();
  const model = await readReport(await madeUpExperiment(store), store);
  [page, markdown, json] = reportFiles(model).files.map(({ text }) => text) as [string, string, string];
  printed = printedNumbers(model);
});

const edited = (text: string, what: RegExp | string, by: string): string => {
  const after = text.replace(what, by);
  expect(after).not.toBe(text);
  return after;
};

describe('what a page shows', () => {
  it('is every printed number, in its cell and on its card', () => {
    const texts = printed.map(({ id, text }) => [id, text]);
    expect([...shownIn(page)].sort()).toEqual([...texts].sort());
    expect([...cardsIn(page)].sort()).toEqual([...texts].sort());
  });

  it('is the same in other words and another style', () => {
    const worded = edited(
      edited(page, 'Verification accuracy', 'How well faces are verified'),
      /table\.data\{/,
      'table{',
    );
    expect(figuresIn(worded)).toEqual(figuresIn(page));
    expect(shownIn(worded)).toEqual(shownIn(page));
  });

  it.each([
    ['a number of a caption', 'more than 240 entries', 'more than 250 entries'],
    ['a number that a chart says on hover', /(<title>LFW, m = 0: )\d/, '$19'],
    ['a point of a curve', /(<path class="line" d="M)\d/, '$19'],
    ['a picture', /(src="data:image\/png;base64,.{60})./, '$1_'],
    ['a row that nothing gives', /(<tbody>\s*)(<tr>)/, '$1<tr><td>99.9</td></tr>$2'],
  ])('differs where %s was edited', (_, what, by) => {
    expect(firstDifference(figuresIn(edited(page, what, by)), figuresIn(page))).toMatch(
      /^it shows .* where the records/,
    );
  });

  it('differs where a card was edited', () => {
    const { id } = printed[7] as Printed;
    const from = page.indexOf(`id="why.${id}"`);
    const other = page.slice(0, from) + edited(page.slice(from), /(class="card-value">)[^<]*/, '$199.99');
    expect(cardsIn(other).get(id)).toBe('99.99');
  });
});

describe('what the Markdown shows', () => {
  it('has every printed number in a cell, or among the key figures', () => {
    const left = markdownTexts(markdown);
    for (const { id, text } of printed) {
      expect(left, id).toContain(text);
      left.splice(left.indexOf(text), 1);
    }
  });

  it('is the same in other words, and differs where a cell was edited', () => {
    expect(markdownFigures(edited(markdown, 'Bold: the best', 'In bold: the best'))).toEqual(markdownFigures(markdown));
    const { text } = printed.find(({ id }) => id === 'accuracy.cemiface-m-0.lfw') as Printed;
    expect(markdownFigures(edited(markdown, text, `9${text.slice(1)}`))).not.toEqual(markdownFigures(markdown));
  });
});

describe('what report.json holds', () => {
  it('differs in an edited number, printed or not, and not in words', () => {
    const { average } = (JSON.parse(json) as { accuracy: { average: number }[] }).accuracy[2] as { average: number };
    const better = edited(json, `"average":${average}`, '"average":0.99');
    expect(numbersMissing(better, json)).toEqual([expect.stringMatching(/^\/accuracy\/\d\/average 0\.99$/)]);
    expect(jsonFigures(edited(json, /"text":"\d/, '"text":"9'))).not.toEqual(jsonFigures(json));
    expect(jsonFigures(edited(json, '"title":"', '"title":"On '))).toEqual(jsonFigures(json));
    expect(numbersMissing(json, json)).toEqual([]);
  });

  it('that is not JSON is refused', () => {
    expect(() => jsonFigures('<html>')).toThrow(expect.objectContaining({ code: 'ReportInvalid' }));
  });
});
