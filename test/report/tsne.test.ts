import { describe, expect, it } from 'vitest';
import { toJson } from '../../artifacts/finite.ts';
import { digestOf } from '../../core/digest.ts';
import type { TsneMetrics } from '../../metrics/tsne/metrics.ts';
import type { Part } from '../../report/block.ts';
import { block } from '../../report/blocks/tsne/block.ts';
import { readMaps } from '../../report/blocks/tsne/read.ts';
import { ReportReader } from '../../report/reader.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { putMetrics, tsneMap } from './fixture.ts';

const store = memoryStore();
const read = async (...maps: TsneMetrics[]) => {
  const params = maps.map(async (map, i) => ({
    label: `map ${i}`,
    metrics: await putMetrics(store, toJson(map, 'tsne')),
  }));
  return readMaps(await Promise.all(params), new ReportReader(store));
};
const figuresOf = (parts: readonly Part[]) => parts.flatMap((part) => ('figure' in part ? [part.figure] : []));
const head = { title: '', description: '', note: '' };

/** Two sets of two identities, of which only the first has inquiries. */
const small: TsneMetrics = {
  ...tsneMap(['a & b', 'c']),
  sets: [
    {
      ...{ label: 'a & b', data: digestOf('a'), inquiries: 0 },
      ...{ identity: [4, 4, 7], image: [0, 1, 0], x: [-10, 0, 10], y: [0, 10, 5] },
    },
    { label: 'c', data: digestOf('c'), identity: [7, 9], image: [0, 0], x: [0, 1], y: [0, 1] },
  ],
  inquiries: [{ inquiries: digestOf('q'), identity: [4, 7], image: [0, 0], x: [-5, 5], y: [0, 0] }],
};

describe('the block of t-SNE maps', () => {
  it('has a figure for each map and a panel for each set, with a name for readers who do not see it', async () => {
    const maps = await read(small, tsneMap(['alone']));
    const figures = figuresOf(block.draw(maps, head).parts);
    expect(figures).toHaveLength(2);
    const page = String(figures[0]?.content);
    expect(
      [...page.matchAll(/<svg class="chart"[^>]* role="img" aria-labelledby="([^"]+)"/g)].map(([, id]) => id),
    ).toEqual(['tsne-1-1-t tsne-1-1-d', 'tsne-1-2-t tsne-1-2-d']);
    expect(page).toContain('<title id="tsne-1-1-t">t-SNE of embeddings: a &amp; b</title>');
    expect(page).toContain('<desc id="tsne-1-1-d">3 images of 2 identities, and the inquiry of each</desc>');
    expect(page).toContain('<desc id="tsne-1-2-d">2 images of 2 identities</desc>');
    expect([...page.matchAll(/data-artifact="([^"]+)"/g)].map(([, digest]) => digest)).toEqual([
      maps[0]?.artifact,
      maps[0]?.artifact,
    ]);
    expect(figures.map(({ caption }) => caption.includes('Stars'))).toEqual([true, false]);
  });

  it('gives an identity one colour and shape in all panels, and draws its inquiry as a star above the images', async () => {
    const [page = ''] = figuresOf(block.draw(await read(small), head).parts).map(({ content }) => String(content));
    const [first = '', second = ''] = page.split('</svg>');
    const groups = (svg: string) =>
      [...svg.matchAll(/series s-(\d)"><path class="(mark[^"]*)" d="([^"]+)"><title>([^<]+)/g)].map(
        ([, colour, mark, d = '', title]) => [colour, mark, d.split('M').length - 1, title],
      );
    expect(groups(first)).toEqual([
      ['0', 'mark', 2, 'identity 4'],
      ['1', 'mark', 1, 'identity 7'],
      ['0', 'mark star', 1, 'identity 4'],
      ['1', 'mark star', 1, 'identity 7'],
    ]);
    expect(groups(second)).toEqual([
      ['1', 'mark', 1, 'identity 7'],
      ['2', 'mark', 1, 'identity 9'],
    ]);
  });

  it('draws both axes and all panels to one scale', async () => {
    const [page = ''] = figuresOf(block.draw(await read(small), head).parts).map(({ content }) => String(content));
    // Circles begin at their left end. The domain is −10 … 10, of which one unit takes 15.2.
    const [, first = ''] = / d="([^"]+)"><title>identity 4/.exec(page) ?? [];
    const points = [...first.matchAll(/M([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x) + 3.6, Number(y)]);
    expect(points).toEqual([
      [8, 160],
      [160, 8],
    ]);
    const [, second = ''] = / d="([^"]+)"><title>identity 9/.exec(page) ?? [];
    expect(second.startsWith('M171.6 144.8')).toBe(true);
  });

  it('prints how each map was made, and keeps its points out of report.json', async () => {
    const maps = await read(small);
    const [table] = block.draw(maps, head).parts.flatMap((part) => ('table' in part ? [part.table] : []));
    const { artifact, input } = maps[0] as (typeof maps)[number];
    expect(table?.rows[0]?.cells.slice(0, 5)).toEqual([
      { text: 'map 0' },
      { text: '96', artifacts: [artifact], inputs: [input], at: ['metrics.json#/points'] },
      { text: '12.5', artifacts: [artifact], inputs: [input], at: ['metrics.json#/perplexity'] },
      { text: '1,000', artifacts: [artifact], inputs: [input], at: ['metrics.json#/iterations'] },
      { text: '0.412', artifacts: [artifact], inputs: [input], at: ['metrics.json#/klDivergence'] },
    ]);
    expect(block.numbers?.(maps)).toEqual([
      expect.objectContaining({
        ...{ label: 'map 0', artifact, klDivergence: 0.412345 },
        sets: [
          { label: 'a & b', data: digestOf('a') },
          { label: 'c', data: digestOf('c') },
        ],
      }),
    ]);
    expect(JSON.stringify(block.numbers?.(maps))).not.toContain('"x"');
  });

  it('refuses metrics whose points do not fit each other', async () => {
    const [first, ...others] = small.sets;
    const wrong = { ...small, sets: [{ ...first, x: [1] }, ...others] } as TsneMetrics;
    await expect(read(wrong)).rejects.toMatchObject({ code: 'ArtifactInvalid' });
    await expect(read({ ...small, inquiries: [] })).rejects.toMatchObject({ code: 'ArtifactInvalid' });
  });
});
