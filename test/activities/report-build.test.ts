import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stage } from '../../activities/report-build/stage.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { isDigest } from '../../core/digest.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import { isNodeRef } from '../../core/plan.ts';
import { withoutNodes } from '../../core/skips.ts';
import { escapeHtml } from '../../report/html.ts';
import type { Printed } from '../../report/printed.ts';
import { checkParams, loadStageSchemas, type StageSchema } from '../../schemas/stage-schemas.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import {
  contextOf,
  type FullReport,
  madeUpExperiment,
  putMetrics,
  readReport,
  setOf,
  verification,
} from '../report/fixture.ts';

const build = async (change: (params: FullReport) => unknown = (params) => params) => {
  const store = memoryStore();
  const params = (await change(await madeUpExperiment(store))) as FullReport;
  const { report } = await stage.run(params, contextOf(store));
  if (!report) throw new Error('no report');
  const read = (path: string) => readReport(store, report, path);
  return {
    store,
    params,
    report,
    page: await read('report.html'),
    markdown: await read('report.md'),
    json: await read('report.json'),
  };
};

const hostile = '<script>alert(1)</script>"\' onload=x <img src=x onerror=y>';

/** Every element start of a page, so that a test can look at what a browser would. */
const tags = (page: string): string[] => page.match(/<[a-z][^>]*>/gi) ?? [];

/** This kind's schema alone, so that faults of other kinds fail their own tests. */
const schema = (): StageSchema => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-schema-'));
  const name = 'report-build.schema.json';
  copyFileSync(fileURLToPath(new URL(`../../schemas/stages/${name}`, import.meta.url)), join(folder, name));
  const found = loadStageSchemas(folder).get('report/build');
  rmSync(folder, { recursive: true });
  if (!found) throw new Error('report/build has no schema');
  return found;
};

const mapArtifacts = (value: Json, change: (ref: ArtifactRef) => JsonObject): Json => {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => mapArtifacts(item, change));
  if (isDigest(value.digest)) return change(value as never);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapArtifacts(item, change)]));
};

const mapNodes = (value: Json, change: (node: string) => JsonObject): Json => {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => mapNodes(item, change));
  if (isNodeRef(value)) return change(value.$node);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapNodes(item, change)]));
};

describe('report/build', () => {
  it('writes the same bytes for the same artifacts', async () => {
    const [first, second] = await Promise.all([build(), build()]);
    expect(second.report).toEqual(first.report);
  });

  it('shows accuracies, their spread, the average and the gap to real of every set', async () => {
    const { page, params } = await build();
    const { average, sets } = verification(0.58 + 0.14 * Math.exp(-(0.25 ** 2) / 0.35), 0) as never as {
      average: number;
      sets: { lfw: { accuracy: number; std: number } };
    };
    const real = (verification(0.915, 9) as never as { average: number }).average;
    const row = page.split('\n').find((line) => line.includes('<th scope="row">CemiFace, m = 0</th>')) ?? '';
    expect(row).toContain(
      `>${(sets.lfw.accuracy * 100).toFixed(2)}</a><span class="pm">± ${(sets.lfw.std * 100).toFixed(2)}</span>`,
    );
    expect(row).toContain(`>${(average * 100).toFixed(2)}</a></td>`);
    expect(row).toContain(`>${((real - average) * 100).toFixed(2)}</a></td>`);
    expect(row).toContain('>4 × 6</a>');
    expect(params.accuracy).toHaveLength(3);
  });

  it('lets only generated sets compete for the best, however good other real rows are', async () => {
    const { page } = await build();
    const rows = page.split('\n').filter((line) => line.includes('<th scope="row">'));
    expect(rows.find((row) => row.includes('the teacher)</th>'))).not.toContain('best');
    expect(page).toContain('highest average on these benchmarks: CemiFace, m = 0');
  });

  it('names for every number in a table and every picture the artifact that it came from, and lists it', async () => {
    const { page } = await build();
    const numbers = [...page.matchAll(/<td (id="[^"]+" )?class="n[^>]*>(?=[^–])/g)].map(([tag]) => tag);
    expect(numbers.length).toBeGreaterThan(100);
    for (const tag of numbers) expect(tag).toMatch(/ data-artifact="sha256:[0-9a-f]{64}( sha256:[0-9a-f]{64})*"/);
    const pictures = tags(page).filter((tag) => tag.startsWith('<img'));
    // The grid, the same identities, the samples, and pairs of the inspections.
    expect(pictures).toHaveLength(4 * 5 + 3 * (1 + 4 * 2) + 3 * 2 + 5 * 3 * 5 + 18);
    for (const picture of pictures) expect(picture).toMatch(/ data-artifact="sha256:/);
    for (const digest of new Set(page.match(/(?<=data-artifact="[^"]*)sha256:[0-9a-f]{64}/g))) {
      expect(page).toContain(`<td class="full">${digest}</td>`);
    }
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target}"`);
  });

  it('gives every number an id of its own, a card, and the place in each artifact where it was read', async () => {
    const { page, json } = await build();
    const { printed } = JSON.parse(json) as { printed: Printed[] };
    expect(printed.length).toBeGreaterThan(100);
    expect(new Set(printed.map(({ id }) => id)).size).toBe(printed.length);
    expect(printed.map(({ id }) => id)).toContain('accuracy.cemiface-m-0.lfw');
    for (const { id, text, artifacts, at, quoted } of printed) {
      expect(page).toContain(`id="${id}"`);
      expect(page).toContain(`<aside class="card" id="why.${id}">`);
      expect(page).toContain(`<p class="card-value">${escapeHtml(text)}</p>`);
      if (!quoted) expect(at).toHaveLength(artifacts.length);
    }
    expect(new Set(page.match(/ href="#why\.[^"]+"/g)).size).toBe(printed.length);
  });

  it('says how often a search returns a real person, for generated identities and for strangers', async () => {
    const { page, json } = await build();
    const { printed } = JSON.parse(json) as { printed: Printed[] };
    const row = printed.filter(({ id }) => id.startsWith('privacy.cemiface-m-0.5-beside-its-inquiries.'));
    expect(row.map(({ text }) => text)).toEqual([
      ...['40', '10', '0.420', '1.0 [0.0, 2.0]', '37.5 [35.0, 40.0]', '36.5 [32.5, 40.5]'],
      ...['62.5 [60.0, 65.0]', '2.5'],
    ]);
    const at = (rows: Printed[]) => rows.map(({ at }) => at[0]?.replace('metrics.json#/', ''));
    const rates = ['threshold', 'strangers/share', 'generated/share', 'difference/value'];
    expect(at(row)).toEqual([
      ...['realIdentities', 'imagesPerIdentity', ...rates.map((rate) => `identities/${rate}`)],
      ...['ownInquiry/nearest/share', 'ownInquiry/chance'],
    ]);
    const images = printed.filter(({ id }) => id.startsWith('privacy-images.cemiface-m-0.5-beside-its-inquiries.'));
    expect(images.map(({ text }) => text)).toEqual([
      ...['0.360', '1.0 [0.0, 2.0]', '35.0 [34.8, 35.3]', '34.0 [30.0, 38.0]'],
    ]);
    expect(at(images)).toEqual(rates.map((rate) => `images/${rate}`));
    expect(page).toContain(
      'CemiFace, m = 0.5, beside its inquiries: at a threshold of 0.420, set for a false positive',
    );
    expect(page).toContain(
      'rate of 1 %, a search for the mean of 10 images among the 40 people of the gallery returns somebody for 15 of 40 generated identities (37.5 % [35.0, 40.0]) and for 1 of 100 strangers (1.0 % [0.0, 2.0]). Generated identities are above the threshold more often than strangers are (difference 36.5 percentage points [32.5, 40.5]).',
    );
    expect(page).toContain('CemiFace, m = −0.5, beside its inquiries');
    expect(page.match(/The recognizer was trained on this gallery/g)).toHaveLength(1);
  });

  it('needs nothing but itself: no scripts, no requests, and a policy that forbids both', async () => {
    const { page } = await build();
    expect(page).not.toMatch(
      /<script|<iframe|<link|<object|<form| on[a-z]+="| style="|url\((?!#)|@import|javascript:/i,
    );
    const addresses = [...page.matchAll(/(?:src|href|action|srcset)="([^"]*)"/g)].map(
      ([, address]) => address as string,
    );
    expect(addresses.every((address) => address.startsWith('#') || address.startsWith('data:image/png;base64,'))).toBe(
      true,
    );
    const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(
      `content="default-src &#39;none&#39;; img-src data:; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
  });

  it('shows markup in titles, labels and metric names as text', async () => {
    const { page, markdown } = await build((params) => ({
      ...params,
      title: hostile,
      description: hostile,
      note: hostile,
      accuracy: params.accuracy.map((row) => ({
        ...row,
        label: Array.isArray(row.metrics) ? `${hostile} {m}` : hostile,
      })),
      similarity: params.similarity.map((group) => ({ ...group, label: hostile })),
      samples: params.samples.map((sample) => ({ ...sample, label: hostile })),
      training: params.training.map((training) => ({ ...training, label: hostile })),
    }));
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/<script|<img src=x/i);
    for (const tag of tags(page)) expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/onload|onerror/);
    expect(markdown).not.toMatch(/<script|<img/i);
  });

  it('shows markup in the names of benchmark sets and logged series as text', async () => {
    const store = memoryStore();
    const base = await madeUpExperiment(store);
    const metrics = await putMetrics(store, {
      kind: 'verification',
      sets: { [hostile]: setOf(0.7, 0.01) },
      average: 0.7,
    });
    const log = await putMetrics(store, { kind: 'training', series: { [hostile]: { steps: [1, 2], values: [3, 2] } } });
    const params = {
      ...base,
      accuracy: [{ label: 'a', metrics, reference: false }],
      curve: null,
      training: [{ label: 'b', log }],
    };
    const { report } = await stage.run(params, contextOf(store));
    const shown = await readReport(store, report as never, 'report.html');
    expect(shown).toContain('&lt;script&gt;');
    expect(shown).not.toMatch(/<script|<img src=x/i);
  });

  it('puts the inquiry before its row, and one picture under each m', async () => {
    const { page } = await build();
    const head = /<table class="faces large">\s*<thead><tr>(.*?)<\/tr>/.exec(page)?.[1] ?? '';
    expect([...head.matchAll(/>([^<]+)<\/th>/g)].map(([, text]) => text)).toEqual([
      'Inquiry',
      'm = −0.5',
      'm = 0',
      'm = 0.5',
      'm = 1',
    ]);
    expect(page).toMatch(/alt="Inquiry image 1"[^>]*><\/td><td><img[^>]*alt="Inquiry 1, m = −0.5"/);
  });

  it('refuses a set that was not generated as a grid', async () => {
    await expect(
      build((params) => ({ ...params, grid: { ...params.grid, data: params.samples[0]?.data } })),
    ).rejects.toMatchObject({
      code: 'ReportInputInvalid',
    });
  });

  it('keeps the paper’s numbers apart, and leaves them out when told to', async () => {
    const { page, markdown } = await build();
    const caption = 'comparable in absolute value only where data and scale are';
    expect(page).toContain(`As reported in the paper (its table 6), ${caption}`);
    expect(markdown).toContain(caption);
    expect((await build((params) => ({ ...params, paper: false }))).page).not.toContain('As reported in the paper');
  });

  it('gives other programs every number with its artifact, and pictures by name only', async () => {
    const { json, page } = await build();
    const numbers = JSON.parse(json) as JsonObject & { accuracy: { artifact: string; average: number }[] };
    expect(numbers.accuracy).toHaveLength(6);
    for (const row of numbers.accuracy) expect(page).toContain(row.artifact);
    expect(json).not.toContain('pngBase64');
  });

  it('makes a report of a title alone, with the schema’s defaults', async () => {
    const params = checkParams(schema(), { title: 'Only a title', paper: false }) as never as FullReport;
    const store = memoryStore();
    const { report } = await stage.run(params, contextOf(store));
    expect(await readReport(store, report as never, 'report.html')).toContain('<h1>Only a title</h1>');
  });

  it('is made without skipped stages, and names them with the reason', async () => {
    const store = memoryStore();
    const params = await madeUpExperiment(store);
    const asRefs = (value: Json): Json => mapArtifacts(value, ({ digest }) => ({ $node: digest, $output: 'out' }));
    const gone = [params.curve?.metrics[1], params.grid, params.similarity[1]?.metrics].flatMap((part) =>
      artifactRefsIn(part as never),
    );
    const left = withoutNodes(asRefs(params as never) as JsonObject, new Set(gone.map(({ digest }) => digest)));
    const types = new Map(artifactRefsIn(params as never).map((ref) => [ref.digest as string, ref]));
    const skipped = [{ stage: 'students[m=0]', because: hostile }];
    const filled = mapNodes({ ...left, skipped }, (digest) => ({ ...(types.get(digest) as ArtifactRef) }));
    const { report } = await stage.run(checkParams(schema(), filled as JsonObject) as never, contextOf(store));
    const [page, markdown, json] = await Promise.all(
      ['report.html', 'report.md', 'report.json'].map((path) => readReport(store, report as never, path)),
    );
    expect(page).toMatch(/Made without these stages:[\s\S]*<code>students\[m=0\]<\/code>: &lt;script/);
    expect(page?.indexOf('Made without')).toBeLessThan(page?.indexOf('<main>') as number);
    expect(tags(page as string).filter((tag) => /^<(script|img src=x)/i.test(tag))).toEqual([]);
    expect(markdown).toContain('- students\\[m=0\\]: ');
    const numbers = JSON.parse(json as string);
    expect(numbers.skipped).toEqual(skipped);
    expect([numbers.accuracy.length, numbers.curve.points.length, numbers.similarity.length]).toEqual([5, 3, 1]);
    expect(numbers.grid).toBeUndefined();
    expect((await build()).page).not.toContain('Made without');
  });

  it('has a schema that takes single artifacts and labelled lists, and no others', async () => {
    const params = await madeUpExperiment(memoryStore());
    expect(checkParams(schema(), params as never)).toMatchObject(params);
    const wrong = {
      ...params,
      accuracy: [{ label: 'a', metrics: { type: 'weights', digest: `sha256:${'0'.repeat(64)}` } }],
    };
    expect(() => checkParams(schema(), wrong as never)).toThrow(expect.objectContaining({ code: 'ParamsInvalid' }));
  });
});
