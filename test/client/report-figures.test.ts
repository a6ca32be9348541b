import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeFigures } from '../../client/report-figures.ts';
import { madeUpPage } from '../report/published.ts';

let text: string;
beforeAll(async () => {
  text = await madeUpPage();
});

const written = (html: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-figures-'));
  const page = join(folder, 'report.html');
  writeFileSync(page, html);
  return { folder, fetched: { run: 'made-up', page, root: 'sha256:root' } };
};

describe('the figures of a report', () => {
  it('are files beside its page, by number and caption', async () => {
    const { folder, fetched } = written(text);
    const paths = await writeFigures(fetched, ['svg']);
    expect(paths).toHaveLength(13);
    expect(readdirSync(join(folder, 'figures')).sort()).toEqual(paths.map((path) => basename(path)).sort());
    expect(paths[3]).toBe(join(folder, 'figures', 'figure-4-accuracy-over-m-each-benchmark-and-their.svg'));
    expect(readFileSync(paths[3] as string, 'utf8')).toContain('run sha256:root');
  });

  it('are pictures of the same, three times as large', async () => {
    const { fetched } = written(text);
    const paths = await writeFigures(fetched, ['svg', 'png']);
    for (let i = 0; i < paths.length; i += 2) {
      const [, width, height] =
        /width="([\d.]+)" height="([\d.]+)"/.exec(readFileSync(paths[i] as string, 'utf8')) ?? [];
      const metadata = await sharp(paths[i + 1] as string).metadata();
      expect(metadata).toMatchObject({ width: 3 * Number(width), height: 3 * Number(height) });
    }
  });

  it('are the same for the same page', async () => {
    const [first, second] = [written(text), written(text)];
    const [one, other] = await Promise.all([
      writeFigures(first.fetched, ['svg']),
      writeFigures(second.fetched, ['svg']),
    ]);
    expect(one.map((path) => readFileSync(path, 'utf8'))).toEqual(other.map((path) => readFileSync(path, 'utf8')));
  });

  it('are refused where the page has none', async () => {
    const { fetched } = written('<main></main>');
    await expect(writeFigures(fetched, ['svg'])).rejects.toMatchObject({ code: 'NotMade' });
  });
});
