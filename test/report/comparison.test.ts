import { describe, expect, it } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import { pairedBootstrap } from '../../metrics/bootstrap/index.ts';
import { type PairScores, verify } from '../../metrics/verification.ts';
import { shown, verdictOf } from '../../report/blocks/comparison/verdict.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import type { Printed } from '../../report/printed.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { drawnPairs, putMetrics, putScored, similarity } from './fixture.ts';

const head = { title: 'Comparison', description: '', note: '' };
const store = memoryStore();

/** A matrix point: the similarity that was achieved, and how many of its pairs were judged rightly. */
type Point = readonly [matrix: JsonObject, achieved: number, scores: PairScores];

const over = async (points: readonly Point[], make: (point: Point) => Promise<ArtifactRef>) =>
  Promise.all(points.map(async (point) => ({ matrix: point[0], artifact: await make(point) })));

const paramsOf = async (points: readonly Point[], change: JsonObject = {}): Promise<JsonObject> =>
  ({
    axis: 'm',
    metrics: await over(points, ([, , scores]) => putScored(store, scores)),
    similarity: {
      label: 'the teacher',
      metrics: await over(points, ([, achieved]) => putMetrics(store, { ...similarity(0.3, 1), mean: achieved })),
    },
    baseline: 'best',
    ...change,
  }) as unknown as JsonObject;

interface Numbers extends JsonObject {
  readonly comparison: { readonly [name: string]: Json } & {
    readonly leftOut: string[];
    readonly series: {
      readonly name?: string;
      readonly baseline: number;
      readonly points: JsonObject[];
      readonly verdict: JsonObject;
    }[];
  };
}

const reportOn = async (comparison: JsonObject, skipped: { stage: string; because: string }[] = []) => {
  const [page = '', markdown = '', json = '{}'] = reportFiles(
    await readReport({ ...head, skipped, comparison }, store),
  ).files.map(({ text }) => text);
  const { printed, ...numbers } = JSON.parse(json) as { printed: Printed[] } & Numbers;
  const statement = (/<p class="statement">(.*?)<\/p>/.exec(page)?.[1] ?? '').replace(/<[^>]*>/g, '');
  return { page, markdown, numbers, statement, printed: new Map(printed.map((each) => [each.id, each])) };
};

const build = async (points: readonly Point[], change: JsonObject = {}) => reportOn(await paramsOf(points, change));

const at = (m: number, achieved: number, share: number): Point => [{ m }, achieved, drawnPairs(share, 3)];

/** As the quickstart once was: more is better, and one point between is not shown to be worse than the best. */
const rising = [at(1, 0.585, 0.8), at(0.5, 0.55, 0.798), at(0, 0.5, 0.74), at(-0.5, 0.43, 0.7)];

describe('the comparison of the points of an axis', () => {
  it('has a row for each by ascending achieved similarity, with the difference from the best and its intervals', async () => {
    const { printed, page, numbers } = await build(rising);
    const rows = [...page.matchAll(/<tr><th scope="row">(m = [^<]*)<\/th>/g)].map(([, label]) => label);
    expect(rows.slice(0, 4)).toEqual(['m = −0.5', 'm = 0', 'm = 0.5', 'm = 1']);
    const row = (m: string) =>
      [...printed].flatMap(([id, { text }]) =>
        id.startsWith(`comparison-1.m-${m}.`) && !/m-0\.5/.test(id) ? text : [],
      );
    const scores = rising.map(([, , each]) => [{ lfw: each }]).reverse();
    const { between } = pairedBootstrap(scores, 1);
    const average = verify((rising[2] as Point)[2]).accuracy;
    const { difference, alone, together } = between(1, 3);
    const text = (fraction: number): string => (fraction * 100).toFixed(2).replace('-', '−');
    expect(row('0')).toEqual([
      '0.500',
      text(average),
      text(difference),
      `[${text(alone.lowest)}, ${text(alone.highest)}]`,
      `[${text(together.lowest)}, ${text(together.highest)}]`,
    ]);
    expect(difference).toBeLessThan(-0.04);
    expect(row('1').slice(2)).toEqual(['0.00']);
    expect(numbers.comparison.series[0]?.baseline).toBe(3);
  });

  it('says that single trainings leave other trainings out of the intervals', async () => {
    expect((await build(rising)).markdown).toContain(
      'Each row is one training: how much another one would differ is in no interval.',
    );
  });

  it('names both verifications behind a difference, and where each part of a row was read', async () => {
    const { printed, numbers } = await build(rising);
    const found = printed.get('comparison-1.m-0.difference') as Printed;
    const runs = numbers.comparison.series[0]?.points.map((point) => (point.runs as JsonObject[])[0]?.artifact);
    expect(found.artifacts).toEqual([runs?.[1], runs?.[3]]);
    expect(found.inputs).toEqual(['comparison.metrics.2.artifact', 'comparison.metrics.0.artifact']);
    expect(found.at).toEqual(Array(2).fill('metrics.json#/average'));
    expect(printed.get('comparison-1.m-0.95-interval')?.at).toEqual(Array(2).fill('metrics.json#/sets'));
    const achieved = printed.get('comparison-1.m-0.similarity-achieved') as Printed;
    expect([achieved.inputs, achieved.at]).toEqual([
      ['comparison.similarity.metrics.2.artifact'],
      ['metrics.json#/mean'],
    ]);
  });

  it('counts from a named point, and refuses one that there is not unless a stage was skipped', async () => {
    const { printed } = await build(rising, { baseline: 0 });
    expect(printed.get('comparison-1.m-1.difference')?.text).toMatch(/^\+\d\.\d\d$/);
    expect(printed.get('comparison-1.m--0.5.difference')?.text).toMatch(/^−\d\.\d\d$/);
    await expect(build(rising, { baseline: 0.3 })).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: 'no point that is compared has m = 0.3',
      remedy: expect.stringContaining('one of −0.5, 0, 0.5, 1'),
    });
    const skipped = [{ stage: 'students[m=0.3]', because: 'no time' }];
    const without = await reportOn(await paramsOf(rising, { baseline: 0.3 }), skipped);
    expect(without.numbers.comparison.series[0]?.baseline).toBe(3);
  });

  it('takes the first of equally good points as the best', async () => {
    const { numbers, printed } = await build([at(1, 0.5, 0.8), at(0, 0.4, 0.8), at(-1, 0.3, 0.7)]);
    expect(numbers.comparison.series[0]?.baseline).toBe(1);
    expect(printed.get('comparison-1.m-1.difference')?.text).toBe('0.00');
    expect(printed.get('comparison-1.m-1.95-all-at-once')?.text).toBe('[0.00, 0.00]');
  });

  it('leaves out a point whose similarity was not measured, and says so', async () => {
    const params = await paramsOf(rising);
    const { metrics } = params.similarity as { metrics: Json[] };
    const { markdown, numbers } = await reportOn({
      ...params,
      similarity: { label: 'the teacher', metrics: metrics.slice(1) },
    });
    expect(numbers.comparison.leftOut).toEqual(['m = 1']);
    expect(markdown).toContain('Left out, since their similarity was not measured: m = 1.');
    expect(numbers.comparison.series[0]?.points).toHaveLength(3);
  });

  it('refuses points that were scored on other pairs', async () => {
    const scores = drawnPairs(0.8, 3);
    const other = { ...scores, same: scores.same.map((is) => 1 - is) };
    await expect(build([at(1, 0.5, 0.7), [{ m: 0 }, 0.4, other]])).rejects.toMatchObject({ code: 'PairsDiffer' });
  });

  it('averages over seeds, and over the similarities that were measured for them', async () => {
    const runs = (m: number, ...shares: number[]): Point[] =>
      shares.map((share, i) => [{ m, seed: i + 1 }, 0.3 + 0.1 * m + 0.02 * i, drawnPairs(share, 3)]);
    const points = [...runs(1, 0.8, 0.7), ...runs(0, 0.6, 0.5)];
    const { printed, markdown } = await build(points, { meanOver: ['seed'] });
    const average = (m: number) =>
      [0, 1].reduce((sum, i) => sum + verify((points[2 * (1 - m) + i] as Point)[2]).accuracy / 2, 0);
    expect(printed.get('comparison-1.m-1.runs')?.text).toBe('2');
    expect(printed.get('comparison-1.m-1.similarity-achieved')?.text).toBe('0.410');
    const difference = printed.get('comparison-1.m-0.difference') as Printed;
    expect(difference.text).toBe(`−${((average(1) - average(0)) * 100).toFixed(2)}`);
    expect(difference.artifacts).toHaveLength(4);
    expect(markdown).toMatch(
      /Other trainings: runs that differ in seed deviate by [\d.]+ points \(pooled over all rows, 2 degrees of freedom\)/,
    );
    // One measurement of similarity may serve all seeds.
    const params = await paramsOf(points, { meanOver: ['seed'] });
    const once = await over(
      [points[0], points[2]].map(
        (point) => [{ m: (point as Point)[0].m as number }, ...(point as Point).slice(1)] as never,
      ),
      ([, achieved]) => putMetrics(store, { ...similarity(0.3, 1), mean: achieved }),
    );
    const shared = await reportOn({ ...params, similarity: { label: 'it', metrics: once } } as unknown as JsonObject);
    expect(shared.printed.get('comparison-1.m-1.similarity-achieved')?.text).toBe('0.400');
  });

  it('compares each value of a second axis by itself', async () => {
    const points = [0, 1].flatMap((eta) =>
      rising.map(
        ([matrix, achieved, scores]): Point => [{ ...matrix, eta }, achieved + eta, eta ? drawnPairs(0.6, 3) : scores],
      ),
    );
    const { numbers, printed, page } = await build(points, { series: 'eta' });
    expect(numbers.comparison.series.map(({ name, points }) => [name, points.length])).toEqual([
      ['eta = 0', 4],
      ['eta = 1', 4],
    ]);
    expect(printed.get('comparison-2.m-0.similarity-achieved')?.text).toBe('1.500');
    expect([printed.get('key.comparison')?.text, printed.get('key.comparison.2')?.text]).toEqual([
      'rises',
      'not shown',
    ]);
    expect(page.match(/<p class="statement">eta = /g)).toHaveLength(2);
    await expect(build(points)).rejects.toMatchObject({ code: 'ReportInputInvalid' });
  });

  it('draws the differences over achieved similarity, with the intervals that hold at once as whiskers', async () => {
    const { page, numbers } = await build(rising);
    const [first] = numbers.comparison.series as [Numbers['comparison']['series'][number]];
    const { fromBaseline } = first.points[1] as never as {
      fromBaseline: { difference: number; together: { lowest: number; highest: number } };
    };
    const half = ((fromBaseline.together.highest - fromBaseline.difference) * 100).toFixed(2);
    const difference = (fromBaseline.difference * 100).toFixed(2).replace('-', '−');
    expect(page).toContain(`<title>m = 0, similarity 0.500: ${difference} ± ${half} points</title>`);
    expect(page.match(/class="whisker"/g)).toHaveLength(3);
    expect(page).toMatch(/<text x="[\d.]+" y="12">m = −0.5<\/text>/);
  });

  it('gives the same bytes again', async () => {
    expect((await build(rising)).page).toBe((await build(rising)).page);
  });
});

describe('the statement', () => {
  it('says that accuracy rises, which points might still be a peak, and how far the similarities reach', async () => {
    const { statement, markdown, printed, page } = await build(rising, { reported: 'peak' });
    const ends = (column: string) => printed.get(`comparison-1-ends.m-1-minus-m--0.5.${column}`) as Printed;
    expect(statement).toBe(
      `Accuracy rises from the lowest achieved similarity to the highest: m = 1 minus m = −0.5 is ${ends('difference').text} points ${ends('95-all-at-once').text}. ` +
        'No point between them is shown to be better than m = 1, so no peak is shown; m = 0.5 is not shown to be worse either, so a peak there is not ruled out. ' +
        'The averages rise at every step. ' +
        'The achieved similarities reach from 0.430 (m = −0.5) to 0.585 (m = 1) by the teacher; nothing is shown outside this range. ' +
        'The paper reports a peak between the ends, over what was asked for and at other similarities: these points neither show one nor test it outside their range.',
    );
    expect(markdown).toContain('Accuracy rises from the lowest achieved similarity to the highest: m = 1 minus');
    expect(ends('shown').text).toBe('higher');
    expect(printed.get('comparison-1-ends.m-0.5-minus-m-1.shown')?.text).toBe('no');
    expect(printed.get('key.comparison')?.text).toBe('rises');
    const cited = [...page.matchAll(/<a class="num" href="#why\.([^"]+)" data-artifact="([^"]+)"/g)];
    expect(cited.length).toBe(4);
    for (const [, id, artifacts] of cited) expect(printed.get(id as string)?.artifacts.join(' ')).toBe(artifacts);
  });

  it('rules a peak out where every point between is worse than the better end', async () => {
    const { statement } = await build([at(1, 0.6, 0.9), at(0, 0.5, 0.7), at(-1, 0.4, 0.702)]);
    expect(statement).toContain('Every point between them is shown to be worse than m = 1: none of them is a peak.');
    expect(statement).not.toContain('at every step');
  });

  it('says that accuracy falls, with the ends exchanged', async () => {
    const { statement, printed } = await build([at(1, 0.6, 0.7), at(0, 0.5, 0.72), at(-1, 0.4, 0.8)], {
      reported: 'fall',
    });
    expect(statement).toMatch(/^Accuracy falls from the lowest .*: m = 1 minus m = −1 is −\d+\.\d\d points \[−/);
    expect(statement).toContain('Every point between them is shown to be worse than m = −1');
    expect(statement).toContain('The averages fall at every step.');
    expect(statement).toContain('The paper reports a fall as well.');
    expect(printed.get('key.comparison')?.text).toBe('falls');
  });

  it('names the best of the points that are better than both ends', async () => {
    const { statement, printed } = await build(
      [at(1, 0.7, 0.7), at(0.5, 0.6, 0.78), at(0, 0.5, 0.85), at(-1, 0.4, 0.6)],
      { reported: 'peak' },
    );
    expect(statement).toMatch(
      /^Accuracy peaks between the ends of achieved similarity: m = 0 minus m = −1 is \+\d+.*, and m = 0 minus m = 1 is \+/,
    );
    expect(statement).toContain('The paper reports a peak between the ends as well.');
    expect(printed.get('key.comparison')?.text).toBe('peaks between');
  });

  it('names a dip, and a point that is better beside one that is worse', async () => {
    const dip = await build([at(1, 0.7, 0.8), at(0, 0.5, 0.6), at(-1, 0.4, 0.75)]);
    expect(dip.statement).toMatch(/^Accuracy is lowest between the ends .*: m = 0 minus m = −1 is −/);
    const mixed = await build([at(1, 0.7, 0.75), at(0.5, 0.6, 0.9), at(0, 0.5, 0.6), at(-1, 0.4, 0.75)]);
    expect(mixed.statement).toMatch(/^One point between the ends is better than both: m = 0\.5 minus m = −1 is \+/);
    expect(mixed.statement).toContain('Another is worse than both: m = 0 minus m = −1 is −');
    expect(mixed.printed.get('key.comparison')?.text).toBe('mixed');
  });

  it('says that nothing is shown where the intervals hold zero', async () => {
    const { statement, printed } = await build([at(1, 0.7, 0.75), at(0, 0.5, 0.752), at(-1, 0.4, 0.748)]);
    expect(statement).toMatch(
      /^Accuracy is not shown to rise or fall .*\]\. No point between is shown to be better than both ends, or worse than both\./,
    );
    expect(printed.get('key.comparison')?.text).toBe('not shown');
  });

  it('says nothing of a peak between two points, nothing of one, and nothing of order where all are equally similar', async () => {
    const two = await build([at(1, 0.7, 0.85), at(0, 0.5, 0.7)]);
    expect(two.statement).toContain('There is no point between them, so nothing can be said of a peak.');
    const one = await build([at(1, 0.7, 0.85)]);
    expect(one.statement).toBe('There is one point, so nothing is compared.');
    expect(one.printed.has('key.comparison')).toBe(false);
    const equal = await build([at(1, 0.5, 0.85), at(0, 0.5, 0.7)]);
    expect(equal.statement).toBe('All points have the same achieved similarity, so accuracy cannot be ordered by it.');
    expect(equal.page).not.toContain('comparison-1-ends');
  });

  it('says where the order of achieved similarity is not that of the axis', async () => {
    const note = 'The order of achieved similarity is not the order of m.';
    expect((await build([at(1, 0.5, 0.8), at(0.5, 0.6, 0.7), at(0, 0.4, 0.6)])).statement).toContain(note);
    for (const signs of [1, -1])
      expect(
        (await build(rising.map(([matrix, s, scores]): Point => [matrix, signs * s, scores]))).statement,
      ).not.toContain(note);
  });

  it('shows markup in the recognizer’s name as text', async () => {
    const params = await paramsOf(rising);
    const label = '<script>alert(1)</script>"\'';
    const { page, markdown } = await reportOn({
      ...params,
      similarity: { ...(params.similarity as JsonObject), label },
    });
    for (const text of [page, markdown]) expect(text).not.toContain('<script');
    expect(page).toContain('by &lt;script&gt;');
  });
});

describe('the verdict', () => {
  /** Points of these accuracies, whose differences are sure to ± `reach`. */
  const judge = (
    similarities: readonly number[],
    accuracies: readonly number[],
    reach: number | ((i: number, j: number) => number),
  ) =>
    verdictOf(similarities, (i, j) => {
      const difference = (accuracies[i] as number) - (accuracies[j] as number);
      const half = typeof reach === 'number' ? reach : reach(i, j);
      const together = { lowest: difference - half, highest: difference + half };
      // Alone, every difference would be shown.
      return { difference, alone: { lowest: difference, highest: difference }, together, p: 0 };
    });

  it('goes by the intervals that hold at once, not by those of one difference, and not at zero itself', () => {
    expect(judge([1, 2], [0, 0.5], 0.4).shape).toBe('rise');
    expect(judge([1, 2], [0, 0.5], 0.5).shape).toBe('none');
    expect(judge([1, 2], [0.5, 0], 0.5).shape).toBe('none');
    expect(judge([1, 2], [0, 0.5], 0.6).shape).toBe('none');
    const interval = (lowest: number, highest: number) => ({
      difference: 0,
      alone: { lowest: 1, highest: 2 },
      together: { lowest, highest },
      p: 0,
    });
    expect([interval(0.1, 1), interval(-1, -0.1), interval(-1, 1)].map(shown)).toEqual(['higher', 'lower', undefined]);
  });

  it('needs a peak to be better than both ends, not than one', () => {
    expect(judge([1, 2, 3], [0, 1, 0], 0.5)).toMatchObject({ shape: 'peak', above: [1], below: [] });
    expect(judge([1, 2, 3], [0, 1, 0.8], 0.5).shape).toBe('rise');
    expect(judge([1, 2, 3], [0.8, 1, 0.7], 0.5).shape).toBe('none');
    expect(judge([1, 2, 3], [1, 0, 1], 0.5)).toMatchObject({ shape: 'dip', above: [], below: [1] });
    expect(judge([1, 2, 3, 4], [1, 0, 2, 1], 0.5)).toMatchObject({ shape: 'mixed', above: [2], below: [1] });
  });

  it('lists the points above both ends best first, those below worst first', () => {
    expect(judge([1, 2, 3, 4], [0, 1, 2, 0], 0.5).above).toEqual([2, 1]);
    expect(judge([1, 2, 3, 4], [2, 1, 0, 2], 0.5).below).toEqual([2, 1]);
  });

  it('counts no point as between whose similarity is that of an end', () => {
    expect(judge([1, 1, 3], [0, 1, 0], 0.5)).toMatchObject({ shape: 'none', contrasts: [{ first: 2, second: 0 }] });
    expect(judge([1, 3, 3], [0, 1, 0], 0.5).contrasts).toHaveLength(1);
    expect(judge([1, 2, 3], [0, 1, 0], 0.5).contrasts.map(({ first, second }) => [first, second])).toEqual([
      [2, 0],
      [1, 0],
      [1, 2],
    ]);
  });

  it('leaves open which points between are not shown to be worse than the better end', () => {
    expect(judge([1, 2, 3, 4], [0, 0.2, 0.9, 1], 0.5)).toMatchObject({ shape: 'rise', open: [2] });
    expect(judge([1, 2, 3, 4], [1, 0.9, 0.2, 0], 0.5)).toMatchObject({ shape: 'fall', open: [1] });
    expect(judge([1, 2, 3], [0, 0, 1], 0.5)).toMatchObject({ shape: 'rise', open: [] });
  });

  it('calls it neither rise nor fall where a point between lies beyond an end, though unsure beside the other', () => {
    const unsure = (pair: readonly [number, number]) => (i: number, j: number) =>
      i === pair[0] && j === pair[1] ? 9 : 0.5;
    expect(judge([1, 2, 3], [0, 2, 1], unsure([1, 0])).shape).toBe('none');
    expect(judge([1, 2, 3], [0, -1, 1], unsure([1, 2])).shape).toBe('none');
    expect(judge([1, 2, 3], [1, 2, 0], unsure([1, 2])).shape).toBe('none');
    expect(judge([1, 2, 3], [1, -1, 0], unsure([1, 0])).shape).toBe('none');
  });

  it('is none of these for one point, and none for equal similarities', () => {
    expect(judge([1], [0], 0).shape).toBe('single');
    expect(judge([1, 1], [0, 1], 0.1).shape).toBe('unordered');
  });
});
