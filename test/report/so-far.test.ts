import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../core/errors.ts';
import { nodeSoFar } from '../../core/so-far.ts';
import { type ReportSoFar, reportSoFar } from '../../provenance/publish/so-far.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { type FullReport, madeUpExperiment } from './fixture.ts';
import { only, type ReportedRun, runOf } from './plan-of.ts';

const store = memoryStore();
let params: FullReport;
let run: ReportedRun;
beforeAll(async () => {
  params = await madeUpExperiment(store);
  run = runOf(params as unknown as JsonObject);
});

const none = new Map<string, string>();
const soFar = (wanted: (id: string) => boolean, skipped: ReadonlyMap<string, string> = none) =>
  reportSoFar({ ...run, outputs: only(run, wanted), skipped }, store);
const textOf = (found: ReportSoFar | undefined, path: string): string =>
  found?.files.find((file) => file.path === path)?.text ?? '';
const sectionsIn = (page: string): string[] =>
  [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id as string);

describe('the inputs of a report so far', () => {
  const report = () => run.plan.nodes.at(-1) as NonNullable<(typeof run.plan.nodes)[number]>;
  const over = (m: number) => `accuracy-2-metrics[m=${m}]`;

  it('are those that are made: what is missing is dropped and counted, what was skipped keeps its reason', () => {
    const skipped = new Map([[over(1), 'it diverges']]);
    const made = only(run, (id) => id === over(0));
    const found = nodeSoFar(report(), run.plan, { outputs: made, skipped });
    expect(found.params).toMatchObject({
      skipped: [{ stage: over(1), because: 'it diverges' }],
      accuracy: [],
      curve: { metrics: [{ matrix: { m: 0 }, artifact: made.get(over(0))?.out }] },
      ...{ comparison: null, similarity: [], grid: null, samples: [] },
    });
    expect(found.partial.get('curve')).toEqual({ made: 1, of: 3 });
    expect(found.partial.has('title')).toBe(false);
    expect(found.missing.length).toBe(found.wanted.length - 1);
    expect(found.missing.map(({ id }) => id)).not.toContain(over(1));
  });

  it('are all of them once nothing is missing', () => {
    const found = nodeSoFar(report(), run.plan, { outputs: run.outputs, skipped: none });
    expect(found.params).toEqual(JSON.parse(JSON.stringify(params)));
    expect([found.missing, found.partial.size]).toEqual([[], 0]);
  });
});

describe('a report so far', () => {
  it('is none while there is nothing to show, though papers could be quoted', async () => {
    expect(await soFar(() => false)).toBeUndefined();
    expect(await reportSoFar({ ...run, plan: { experiment: 'e', nodes: [] }, skipped: none }, store)).toBeUndefined();
  });

  it('shows the first pictures before any accuracy', async () => {
    const set = await soFar((id) => id === 'accuracy-2-volume[m=0]');
    expect(sectionsIn(textOf(set, 'report.html'))).toEqual(['sets-section', 'samples', 'paper', 'sources']);
    const grid = textOf(await soFar((id) => id.startsWith('grid')), 'report.html');
    expect(sectionsIn(grid)).toEqual(['grid', 'paper', 'sources']);
    expect(grid).toContain('src="data:image/png');
  });

  it('can be made at any moment of the run, says how much is missing, and is stored nowhere', async () => {
    const before = [...store.objects.map.keys()];
    const ids = run.plan.nodes.slice(0, -1).map(({ id }) => id);
    // One verification is no row yet: its row states the size of the training set as well.
    for (let made = 2; made <= ids.length; made += 9) {
      const found = await soFar((id) => ids.indexOf(id) < made);
      expect(found?.missing, ids[made - 1]).toBe(ids.length - made);
      const page = textOf(found, 'report.html');
      expect(page).toContain(`<div class="so-far" id="so-far" data-missing="${ids.length - made}">`);
      expect(textOf(found, 'report.md')).toContain('> The report so far. Run tiny-0123456789ab has ');
    }
    expect([...store.objects.map.keys()]).toEqual(before);
  });

  it('names the stages of a matrix together', async () => {
    const found = await soFar(
      (id) => id !== 'grid-data' && !/^(curve|accuracy-2-metrics|privacy-0).*m=(0.5|1)/.test(id),
    );
    expect(found?.stages).toContainEqual({ stage: 'accuracy-2-metrics', missing: 2, of: 4 });
    const page = textOf(found, 'report.html');
    expect(page).toContain('<code>accuracy-2-metrics</code> (2 of 4)');
    expect(page).toContain('<code>grid-data</code>');
    expect(JSON.parse(textOf(found, 'report.json'))).toMatchObject({
      soFar: { run: 'tiny-0123456789ab', missing: 5, stages: found?.stages },
    });
  });

  it('draws no conclusion from half of the data: no key figures, and no comparison before all of it is there', async () => {
    const half = textOf(await soFar((id) => !/m=1]/.test(id)), 'report.html');
    expect(sectionsIn(half)).toContain('accuracy-section');
    expect(half).toContain('CemiFace, m = 0.5');
    expect(half).toMatch(/So far, \d+ of the \d+ stages that this part reads are made/);
    for (const conclusion of [
      'key.best',
      'key.gap',
      'key.similarity',
      'key.comparison',
      'comparison-section',
      'peaks between',
    ])
      expect(half, conclusion).not.toContain(conclusion);

    const compared = textOf(await soFar((id) => id !== 'grid-data'), 'report.html');
    for (const conclusion of ['key.best', 'key.gap', 'key.similarity', 'key.comparison', 'comparison-section'])
      expect(compared, conclusion).toContain(conclusion);
    expect(compared).not.toContain('that this part reads');
  });

  it('needs no baseline that is not made yet', async () => {
    const plan = {
      ...run.plan,
      nodes: run.plan.nodes.map((node) =>
        node.id === 'report'
          ? {
              ...node,
              params: { ...node.params, comparison: { ...(node.params.comparison as JsonObject), baseline: 1 } },
            }
          : node,
      ),
    };
    const outputs = only(run, (id) => !/m=1]/.test(id));
    const found = await reportSoFar({ ...run, plan, outputs, skipped: none }, store);
    expect(found?.missing).toBeGreaterThan(0);
  });

  it('lists what was skipped with its own reason, apart from what is missing', async () => {
    const page = textOf(
      await soFar((id) => id === 'grid-data' || id === 'grid-inquiries', new Map([['training-0-log', 'it diverges']])),
      'report.html',
    );
    expect(page).toContain('<code>training-0-log</code>: it diverges');
    expect(page).not.toMatch(/Not made yet:[^\n]*training-0-log/);
  });

  it('ends where it is told to, before the next block', async () => {
    const all = { ...run, skipped: none };
    await expect(reportSoFar(all, store, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });

  it('holds the numbers of the finished report, which has neither banner nor notice', async () => {
    const found = await soFar(() => true);
    expect(textOf(found, 'report.html')).toContain('has made everything that the report reads, and not yet the report');
    const [page = '', markdown = '', json = '{}'] = reportFiles(await readReport(params, store)).files.map(
      ({ text }) => text,
    );
    for (const text of [page, markdown, json]) expect(text).not.toMatch(/so far|soFar|so-far/);
    expect(JSON.parse(textOf(found, 'report.json')).printed).toEqual(JSON.parse(json).printed);
  });
});
