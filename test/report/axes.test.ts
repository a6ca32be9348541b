import { describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { averaged } from '../../report/axes.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import type { Printed } from '../../report/printed.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { privacy, putMetrics, setOf, similarity } from './fixture.ts';

const head = { title: 'Axes', description: '', note: '', skipped: [] };
const store = memoryStore();

/** A verification with one benchmark, whose average is its accuracy. */
const verification = (accuracy: number): Promise<ArtifactRef> =>
  putMetrics(store, {
    kind: 'verification',
    sets: { lfw: setOf(accuracy, 0.01) },
    average: accuracy,
  });

const over = async (points: readonly (readonly [JsonObject, number])[]) =>
  Promise.all(points.map(async ([matrix, accuracy]) => ({ matrix, artifact: await verification(accuracy) })));

const build = async (blocks: { [name: string]: unknown }) => {
  const [page = '', markdown = '', json = '{}'] = reportFiles(
    await readReport({ ...head, ...blocks }, store),
  ).files.map(({ text }) => text);
  const { printed, ...numbers } = JSON.parse(json) as { printed: Printed[] } & JsonObject;
  return { page, markdown, numbers, printed: new Map(printed.map((each) => [each.id, each])) };
};

const seeds = (m: number, ...accuracies: number[]) =>
  accuracies.map((accuracy, i) => [{ m, seed: i + 1 }, accuracy] as const);

describe('a mean over seeds', () => {
  it('has the sample standard deviation, and none of one value', () => {
    expect(averaged([0.7])).toEqual({ mean: 0.7 });
    const { mean, std } = averaged([1, 2, 3, 4]);
    expect([mean, std]).toEqual([2.5, Math.sqrt(5 / 3)]);
  });

  it('is a row with the number of its runs, each of which is a source', async () => {
    const metrics = await over([...seeds(0, 0.7, 0.8, 0.9), ...seeds(1, 0.6, 0.62)]);
    const real = await verification(0.95);
    const { printed, markdown, page, numbers } = await build({
      accuracy: [
        { label: 'real', metrics: real, reference: true },
        { label: 'm = {m}', metrics, reference: false, meanOver: ['seed'] },
      ],
    });
    const row = (name: string) =>
      [...printed].flatMap(([id, { text }]) => (id.startsWith(`accuracy.${name}.`) ? text : []));
    expect(row('m-0')).toEqual(['3', '80.00 ± 10.00', '80.00 ± 10.00', '15.00']);
    expect(row('m-1')).toEqual(['2', '61.00 ± 1.41', '61.00 ± 1.41', '34.00']);
    expect(row('real')).toEqual(['1', '95.00 ± 1.00', '95.00', '0.00']);
    const lfw = printed.get('accuracy.m-0.lfw') as Printed;
    expect(lfw.artifacts).toEqual(metrics.slice(0, 3).map(({ artifact }) => artifact.digest));
    expect(lfw.inputs).toEqual([0, 1, 2].map((i) => `accuracy.1.metrics.${i}.artifact`));
    expect(lfw.at).toEqual(Array(3).fill('metrics.json#/sets/lfw/accuracy'));
    for (const text of [page, markdown]) expect(text).toContain('sample standard deviation (n − 1) over seed.');
    expect((numbers.accuracy as { runs?: object[] }[]).map(({ runs }) => runs?.length)).toEqual([undefined, 3, 2]);
  });

  it('is a point of a curve with whiskers, and of tables of similarity and privacy', async () => {
    const metrics = await over([...seeds(0, 0.7, 0.8), ...seeds(1, 0.6, 0.62)]);
    const similar = [0.3, 0.4].map(async (mean, i) => ({
      matrix: { m: 0, seed: i },
      artifact: await putMetrics(store, similarity(mean, i)),
    }));
    const near = [0, 1].map(async (m) => ({
      matrix: { m: 5, seed: m },
      artifact: await putMetrics(store, privacy(m, true)),
    }));
    const { page, printed } = await build({
      curve: { axis: 'm', metrics, meanOver: ['seed'] },
      similarity: [{ label: 'teacher', axis: 'm', metrics: await Promise.all(similar), meanOver: ['seed'] }],
      privacy: [{ label: 'a set', metrics: await Promise.all(near), meanOver: ['seed'] }],
    });
    expect(page).toContain('<title>Average, m = 0: 75.00 ± 7.07 %</title>');
    expect(page).toContain('Points are means over seed (2 runs at most)');
    expect(printed.get('similarity-1.m-0.mean-std')?.text).toMatch(/^0\.35\d ± 0\.07\d$/);
    expect(printed.get('similarity-1.m-0.runs')?.text).toBe('2');
    expect(printed.get('privacy.a-set-m-5.identities-above')?.text).toBe('37.5 ± 17.7');
    expect(printed.get('privacy.a-set-m-5.difference-points')?.text).toBe('36.5 ± 17.7');
    expect(printed.get('privacy.a-set-m-5.nearest-is-its-inquiry')?.text).toBe('62.5 ± 17.7');
    expect(page).toContain('a set (m = 5), run 2 of 2: at a threshold of 0.420');
  });

  it('over an axis that there is not is refused, with those that there are', async () => {
    const metrics = await over(seeds(0, 0.7, 0.8));
    await expect(
      build({ accuracy: [{ label: 'a', metrics, reference: false, meanOver: ['sed'] }] }),
    ).rejects.toMatchObject({ code: 'ReportInputInvalid', remedy: 'name one of its axes: m, seed' });
  });
});

describe('several axes', () => {
  const points = () =>
    over([
      [{ eta: 0, m: 0 }, 0.7],
      [{ eta: 0, m: 1 }, 0.6],
      [{ eta: 1, m: 0 }, 0.75],
      [{ eta: 1, m: 1 }, 0.65],
    ]);

  it('are rows that name both, one axis after the other', async () => {
    const { markdown } = await build({
      accuracy: [{ label: 'eta = {eta}, m = {m}', metrics: await points(), reference: false }],
    });
    const rows = [...markdown.matchAll(/^\| (eta[^|]*) \|/gm)].map(([, label]) => label);
    const each = ['eta = 0, m = 0', 'eta = 0, m = 1', 'eta = 1, m = 0', 'eta = 1, m = 1'];
    // Once in the table of accuracies, once in that of their differences.
    expect(rows).toEqual([...each, ...each]);
  });

  it('are a curve for each value of the second', async () => {
    const { page, numbers } = await build({ curve: { axis: 'm', series: 'eta', metrics: await points() } });
    expect(page).toContain('<title>Average, eta = 1, m = 0: 75.00 %</title>');
    expect(page).toContain('a line for each of eta = 0, eta = 1.');
    const { points: found } = numbers.curve as unknown as { points: { series: string; x: number }[] };
    expect(found.map(({ series, x }) => [series, x])).toEqual([
      ['eta = 0', 0],
      ['eta = 0', 1],
      ['eta = 1', 0],
      ['eta = 1', 1],
    ]);
  });

  it('are refused where a curve names only one of them', async () => {
    await expect(build({ curve: { axis: 'm', metrics: await points() } })).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: 'several points have m = 0; they differ in eta',
      remedy: expect.stringContaining('series: eta'),
    });
  });
});

describe('an axis of words', () => {
  it('is drawn side by side, in the order given, each word under its points', async () => {
    const metrics = await over([
      [{ loss: 'cosface' }, 0.7],
      [{ loss: 'adaface' }, 0.8],
      [{ loss: 'arcface' }, 0.6],
    ]);
    const { page } = await build({ curve: { axis: 'loss', metrics } });
    const labels = [...page.matchAll(/<text x="([\d.]+)"[^>]*>(cosface|adaface|arcface)<\/text>/g)];
    expect(labels.map(([, , name]) => name)).toEqual(['cosface', 'adaface', 'arcface']);
    const xs = labels.map(([, x]) => Number(x));
    expect((xs[1] as number) - (xs[0] as number)).toBeCloseTo((xs[2] as number) - (xs[1] as number), 1);
    expect(page).toContain('<title>Average, loss = adaface: 80.00 %</title>');
    expect(page).not.toContain('class="line"');
  });
});

describe('a label', () => {
  const set = async (meta: JsonObject & { origin: string }): Promise<ArtifactRef> => {
    const writer = new DatasetWriter(store, { height: 1, width: 1 });
    await writer.add({ identity: 0, image: 0, pixels: new Uint8Array(3) });
    return writer.finish({ ...meta, peopleShown: 'generated' });
  };

  it('that its set denies is refused: in a row of accuracies by the training set, and over samples', async () => {
    const made = await set({ origin: 'generated', m: 0.5 });
    const metrics = await over([[{ m: 0 }, 0.7]]);
    const untrue = {
      code: 'LabelUntrue',
      message: expect.stringMatching(/^a row for m = 0 would show [0-9a-f]+, which was made with m = 0\.5$/),
      remedy: expect.stringContaining('${{ matrix.m }}'),
    };
    const row = (volume: unknown) => build({ accuracy: [{ label: 'm = {m}', metrics, volume, reference: false }] });
    await expect(row(made)).rejects.toMatchObject(untrue);
    await expect(row([{ matrix: { m: 0 }, artifact: made }])).rejects.toMatchObject(untrue);
    await expect(
      build({
        samples: [{ label: 'm = {m}', data: [{ matrix: { m: 0 }, artifact: made }], identities: 1, images: 1 }],
      }),
    ).rejects.toMatchObject(untrue);
    expect((await row(await set({ origin: 'generated', m: 0 }))).printed.get('accuracy.m-0.volume')?.text).toBe(
      '1 × 1',
    );
  });

  it('for one m is refused over a set that mixes several', async () => {
    const metrics = await over([[{ m: 0 }, 0.7]]);
    const made = await set({ origin: 'generated', mixture: { among: [0, 0.5] } });
    await expect(
      build({ accuracy: [{ label: 'm = {m}', metrics, volume: made, reference: false }] }),
    ).rejects.toMatchObject({
      code: 'LabelUntrue',
      message: expect.stringMatching(/made with m = \{"among":\[0,0\.5\]\}$/),
    });
    const other = await over([[{ mix: 'easy' }, 0.7]]);
    await build({ accuracy: [{ label: '{mix}', metrics: other, volume: made, reference: false }] });
  });

  it('is not held against what a set counts: an axis images is not the number of all its images', async () => {
    const made = await set({ origin: 'generated' });
    const { markdown } = await build({
      accuracy: [{ label: '{images}', metrics: await over([[{ images: 8 }, 0.7]]), volume: made, reference: false }],
    });
    expect(markdown).toContain('| 8 | 1 × 1 `');
  });
});

describe('several references', () => {
  it('are a column of GtR, key figures and a dashed line each, named by their labels', async () => {
    const [whole, equal] = [await verification(0.95), await verification(0.9)];
    const metrics = await over([
      [{ m: 0 }, 0.7],
      [{ m: 1 }, 0.8],
    ]);
    const { printed, page, markdown } = await build({
      accuracy: [
        { label: 'whole set', metrics: whole, reference: true },
        { label: 'equal volume', metrics: equal, reference: true },
        { label: 'm = {m}', metrics, reference: false },
      ],
      curve: { axis: 'm', metrics },
    });
    const row = (name: string) =>
      [...printed].flatMap(([id, { text }]) => (id.startsWith(`accuracy.${name}.gtr`) ? text : []));
    expect(row('m-0')).toEqual(['25.00', '20.00']);
    expect(row('whole-set')).toEqual(['0.00', '−5.00']);
    expect(row('equal-volume')).toEqual(['5.00', '0.00']);
    expect(printed.get('accuracy.m-0.gtr-equal-volume')?.inputs).toEqual([
      'accuracy.1.metrics',
      'accuracy.2.metrics.0.artifact',
    ]);
    expect(printed.get('accuracy.equal-volume.gtr-whole-set')?.artifacts).toEqual([whole.digest, equal.digest]);
    expect(['key.reference', 'key.reference.2', 'key.gap', 'key.gap.2'].map((id) => printed.get(id)?.text)).toEqual([
      '95.00 %',
      '90.00 %',
      '15.00 points',
      '10.00 points',
    ]);
    expect(printed.get('key.gap.2')?.what).toBe('gap to real of the best, from equal volume');
    const levels = [...page.matchAll(/<line class="level" data-artifact="([^"]+)"[^>]*><title>([^<]*)</g)];
    expect(levels.map(([, artifact, name]) => [artifact, name])).toEqual([
      [whole.digest, 'whole set 95.00'],
      [equal.digest, 'equal volume 90.00'],
    ]);
    expect(page).toContain('Dashed: average of “whole set” and of “equal volume”.');
    expect(markdown).toContain('the average of “whole set” or “equal volume” minus the row’s');
  });
});

describe('the steps of a training', () => {
  const log = (...steps: number[]) =>
    putMetrics(store, {
      kind: 'training',
      series: { loss: { steps, values: steps.map(() => 1) }, 'a/b': { steps: [1], values: [1] } },
    });

  it('are those of the last entry of its log, the mean over runs', async () => {
    const metrics = await over([...seeds(0, 0.7, 0.8), ...seeds(1, 0.6, 0.62)]);
    const logs = await Promise.all(
      [820, 840, 1000, 2500].map(async (last, i) => ({
        matrix: metrics[i]?.matrix as JsonObject,
        artifact: await log(100, last),
      })),
    );
    const { printed, markdown } = await build({
      accuracy: [
        { label: 'real', metrics: await verification(0.9), training: await log(10, 20, 2500), reference: true },
        { label: 'm = {m}', metrics, training: logs, meanOver: ['seed'], reference: false },
        { label: 'unknown', metrics: await verification(0.5), reference: false },
      ],
    });
    expect(printed.get('accuracy.real.steps')).toMatchObject({
      text: '2,500',
      inputs: ['accuracy.0.training'],
      at: ['metrics.json#/series/loss/steps/2'],
    });
    expect(printed.get('accuracy.m-0.steps')).toMatchObject({
      text: '830',
      inputs: [0, 1].map((i) => `accuracy.1.training.${i}.artifact`),
    });
    expect(printed.get('accuracy.m-1.steps')?.text).toBe('1,750');
    expect(printed.has('accuracy.unknown.steps')).toBe(false);
    expect(markdown).toContain('Steps: optimizer steps of the training.');
  });

  it('are no column where no row names a log', async () => {
    const { markdown } = await build({
      accuracy: [{ label: 'a', metrics: await verification(0.5), reference: false }],
    });
    expect(markdown).not.toContain('Steps');
  });
});
