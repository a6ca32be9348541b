import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readFigures } from '../../provenance/publish/figures/read.ts';
import { styleIn } from '../../provenance/publish/figures/style.ts';
import { figureSvg } from '../../provenance/publish/figures/svg.ts';
import { rootIn } from '../../provenance/publish/page.ts';
import { findChromium } from '../helpers/chromium.ts';
import { madeUpPage } from './published.ts';

const executablePath = findChromium();
if (!executablePath)
  console.warn('\nSKIPPED: no Chromium here to test the page of a report in; "apt-get install chromium" installs it\n');

/** What the tests ask inside of the page. */
const inPage = readFileSync(join(import.meta.dirname, 'in-page.js'), 'utf8');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The width of the text on a sheet of A4 within the page's margins, in CSS pixels; upright and across. */
const sheet = { upright: 687, across: 1016 };

const styleOf = (locator: Locator, property: string): Promise<string> =>
  locator.evaluate((element, name) => element.computedStyleMap().get(name).toString(), property);

// Every number is clicked, and axe looks at every element.
describe.skipIf(!executablePath)('the page of a report, in Chromium', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-page-'));
  const file = join(folder, 'report.html');
  const url = pathToFileURL(file).href;
  let html: string;
  let browser: Browser;

  beforeAll(async () => {
    html = await madeUpPage();
    writeFileSync(file, html);
    browser = await chromium.launch(executablePath ? { executablePath } : {});
  });
  afterAll(() => browser?.close());
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

  const open = async (width: number, more: BrowserContextOptions = {}): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, ...more });
    await page.addInitScript(inPage);
    await page.goto(url);
    return page;
  };

  it('opens from a file without an error, and asks nothing of a network', async () => {
    const page = await browser.newPage();
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(url);
    expect(said).toEqual([]);
    expect(asked.filter((each) => !each.startsWith('data:'))).toEqual([url]);
    expect(await page.evaluate('[...document.images].filter((image) => image.naturalWidth === 0).length')).toBe(0);
  });

  it.each([360, 400, 768, 1280])('does not scroll sideways at %i pixels, and its type is legible', async (width) => {
    const page = await open(width);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(await page.evaluate('inPage.tooWide()')).toEqual([]);
    expect(await page.evaluate('inPage.smallestType()')).toBeGreaterThanOrEqual(10);
  });

  it('keeps the names of rows in view where a table scrolls', async () => {
    const page = await open(360);
    const table = page.locator('.scroll:has(> #accuracy)');
    await table.evaluate((box) => box.scrollTo(200, 0));
    const [box, name] = await Promise.all([table.boundingBox(), table.locator('tbody th').first().boundingBox()]);
    expect(await table.evaluate((box) => box.scrollLeft)).toBe(200);
    expect(name?.x).toBe(box?.x);
  });

  it('opens a card with the chain for each number that is clicked, and every link leads somewhere', async () => {
    const page = await open(1280);
    const numbers = await page.evaluate<{ lost: string[]; followed: number }>('inPage.followEach("a.num")');
    expect(numbers.lost).toEqual([]);
    expect(numbers.followed).toBeGreaterThan(400);
    expect(await page.evaluate('inPage.deadLinks()')).toEqual([]);
  });

  it('leads from a number to the step that made it, and to the data that this step took', async () => {
    const page = await open(1280);
    await page.locator('#accuracy td a.num').last().click();
    const card = page.locator('.card:target');
    expect(await card.locator('.card-value').textContent()).toBe(
      await page.locator('#accuracy td a.num').last().textContent(),
    );
    await card.getByText('Made by').getByRole('link').first().click();
    await page.locator('.card:target').getByRole('link', { name: 'photos' }).click();
    expect(await page.locator('.card:target .card-value').textContent()).toBe('photos');
    expect(await page.locator('.card:visible').count()).toBe(1);
  });

  it('works by the keyboard alone', async () => {
    const page = await open(360);
    const number = page.locator('#accuracy td a.num').first();
    await page.locator('.scroll:has(> #accuracy)').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction('document.activeElement.scrollLeft > 0');
    await page.keyboard.press('Tab');
    await page.locator('#accuracy td a.num:focus-visible').waitFor();
    expect(await number.evaluate((link) => link.matches(':focus'))).toBe(true);
    expect(await styleOf(number, 'outline-style')).toBe('solid');
    await page.keyboard.press('Enter');
    await page.locator('.card:target').waitFor();
    await page.keyboard.press('Tab');
    await page.locator('.card:target .close:focus-visible').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.card:target').waitFor({ state: 'detached' });
    expect(await page.locator('td:target a.num').count()).toBe(1);
  });

  it('names every figure, every drawing and every picture', async () => {
    const page = await open(1280);
    for (const { name, panels } of readFigures(html)) {
      const figure = page.getByRole('figure', { name: `${name}.` });
      expect(await figure.count(), name).toBe(1);
      const named = await figure.getByRole('img', { name: /\w/ }).count();
      expect(named, name).toBe(await figure.locator('svg, img').count());
      expect(named, name).toBeGreaterThanOrEqual(panels.length);
    }
  });

  it.each(['light', 'dark'] as const)('has no serious fault of accessibility when %s', async (colorScheme) => {
    const page = await open(1280, { colorScheme });
    await page.evaluate(axe);
    const { violations } = await page.evaluate<{
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    }>("axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })");
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    expect(await page.evaluate('inPage.faintInDrawings()')).toEqual([]);
  });

  it('saves each chart as the file that the command line writes', async () => {
    const page = await open(1280);
    const links = page.getByRole('link', { name: 'SVG' });
    const charts = readFigures(html).filter(({ panels }) => panels.every(({ drawing }) => 'markup' in drawing));
    expect(await links.count()).toBe(charts.length);
    const [download] = await Promise.all([page.waitForEvent('download'), links.first().click()]);
    const [first] = charts as [(typeof charts)[0]];
    expect(download.suggestedFilename()).toBe(`${first.name.toLowerCase().replace(' ', '-')}.svg`);
    expect(readFileSync(await download.path(), 'utf8')).toBe(figureSvg(first, styleIn(html), rootIn(html) as string));
  });

  it('has figures that are whole by themselves', async () => {
    const page = await browser.newPage({ viewport: { width: 1100, height: 2000 } });
    await page.addInitScript(inPage);
    for (const figure of readFigures(html)) {
      const path = join(folder, `${figure.name}.svg`);
      writeFileSync(path, figureSvg(figure, styleIn(html), 'root'));
      await page.goto(pathToFileURL(path).href);
      expect(await page.evaluate('inPage.cutTexts()'), figure.name).toEqual([]);
      expect(await page.evaluate('inPage.faintInDrawings()'), figure.name).toEqual([]);
    }
  });

  it('prints light and whole, on upright sheets and the widest table across', async () => {
    const page = await open(sheet.upright, { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    const inWideSection = 'section:has(#methods) *';
    expect(await page.evaluate(`inPage.tooWide(${JSON.stringify(inWideSection)})`)).toEqual([]);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.evaluate('inPage.faintInDrawings()')).toEqual([]);
    expect(await page.locator('nav, a.file, .card').filter({ visible: true }).count()).toBe(0);
    for (const whole of ['figure', 'svg', 'tr'])
      expect(await styleOf(page.locator(whole).first(), 'break-inside'), whole).toBe('avoid');
    await page.setViewportSize({ width: sheet.across, height: 700 });
    expect(await page.evaluate('inPage.tooWide()')).toEqual([]);
    const pdf = (await page.pdf({ format: 'A4', preferCSSPageSize: true })).toString('latin1');
    const sizes = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)].map(([, w, h]) => Number(w) > Number(h));
    expect(sizes.length).toBeGreaterThan(10);
    expect(sizes.filter((isAcross) => isAcross).length).toBeGreaterThan(0);
    expect(sizes.filter((isAcross) => !isAcross).length).toBeGreaterThan(10);
  });
});
