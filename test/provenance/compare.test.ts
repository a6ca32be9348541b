import { expect, it } from 'vitest';
import type { Scalar } from '../../core/references.ts';
import { compareVerifications, type Verified } from '../../provenance/compare/index.ts';
import { rowsBy } from '../../provenance/compare/rows.ts';
import { comparisonText } from '../../provenance/compare/text.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { drawnPairs, putScored } from '../report/fixture.ts';

const store = memoryStore();

/** A verification of a run, of which a share of the pairs is judged rightly. */
const verified = async (
  stage: string,
  matrix: { [axis: string]: Scalar },
  share = 0.7,
  { run = 'demo-1', set = 'lfw' } = {},
): Promise<Verified> => ({
  ...{ run, experiment: run.split('-')[0] as string, stage, matrix },
  node: `${stage}[${Object.entries(matrix).map(([axis, value]) => `${axis}=${value}`)}]`,
  artifact: await putScored(store, drawnPairs(share, 5), set),
});

const grid = async (): Promise<Verified[]> => [
  await verified('verify', { m: 0, seed: 1 }, 0.8),
  await verified('verify', { m: 0, seed: 2 }, 0.81),
  await verified('verify', { m: 1, seed: 1 }, 0.6),
  await verified('verify', { m: 1, seed: 2 }, 0.61),
];

const labels = (all: readonly Verified[], by?: string[]): string[] =>
  rowsBy(all, by).map(({ label, members }) => `${label}: ${members.length}`);

it('rows are what verifications differ in; seeds and runs are repetitions, and shared results count once', async () => {
  const all = await grid();
  expect(labels(all)).toEqual(['m = 0: 2', 'm = 1: 2']);
  const again = all.map((each) => ({ ...each, run: 'demo-2' }));
  expect(labels([...all, ...again])).toEqual(['m = 0: 2', 'm = 1: 2']);
  expect(labels([...all, await verified('verify', { m: 0, seed: 1 }, 0.75, { run: 'demo-2' })], ['m'])).toEqual([
    'm = 0: 3',
    'm = 1: 2',
  ]);
  expect(labels([...all, await verified('verify_real', {}, 0.9)])).toEqual([
    'verify, m = 0: 2',
    'verify, m = 1: 2',
    'verify_real: 1',
  ]);
  const other = await verified('verify', { m: 0, seed: 1 }, 0.75, { run: 'other-1' });
  expect(labels([all[0] as Verified, other])).toEqual(['demo: 1', 'other: 1']);
});

it('--by leaves out what has no such axis, and refuses to mix what differs otherwise', async () => {
  const all = [...(await grid()), await verified('verify_real', {}, 0.9)];
  expect(labels(all, ['m'])).toEqual(['m = 0: 2', 'm = 1: 2']);
  expect(labels(all, ['seed', 'm'])).toHaveLength(4);
  const mixed = [...all, await verified('verify_other', { m: 0, seed: 1 }, 0.65)];
  expect(() => rowsBy(mixed, ['m'])).toThrow(
    expect.objectContaining({
      code: 'ComparisonInvalid',
      message: 'the row "m = 0" would mix verifications that differ in stage: verify, verify_other',
      remedy: expect.stringContaining('--by m,stage'),
    }),
  );
  expect(() => rowsBy(all, ['n'])).toThrow(expect.objectContaining({ remedy: expect.stringContaining('axes') }));
});

it('says what is larger than its noise, beside the best or a named row', async () => {
  const found = await compareVerifications(await grid(), store, { by: ['m'] });
  expect(found).toMatchObject({ baseline: 0, isBest: true, sets: ['lfw'] });
  expect(found.nodes[1]).toEqual(['demo-1:verify[m=1,seed=1]', 'demo-1:verify[m=1,seed=2]']);
  const { rows, notes } = comparisonText(found);
  expect(rows[0]).toContain('from m = 0');
  expect(rows[1]).toEqual([
    'm = 0',
    '2',
    expect.stringMatching(/^8\d\.\d\d ± 0\.\d\d$/),
    expect.stringMatching(/^\[\d/),
    '–',
    '–',
    '–',
    'the best',
  ]);
  expect(rows[2]?.slice(4)).toEqual([expect.stringMatching(/^−/), expect.stringMatching(/^\[−/), '< 0.001', 'lower']);
  expect(notes.join('\n')).toMatch(/2 degrees of freedom/);
  expect(
    (await compareVerifications(await grid(), store, { from: 'm = 1' })).rows[0]?.fromBaseline?.difference,
  ).toBeGreaterThan(0.1);
});

it('refuses what cannot be compared, with a remedy', async () => {
  const refusal = (all: readonly Verified[], how = {}) => expect(compareVerifications(all, store, how)).rejects;
  await refusal([]).toMatchObject({ code: 'ComparisonInvalid', remedy: expect.stringContaining('cemiflow runs') });
  await refusal([await verified('verify', {})]).toMatchObject({ message: expect.stringContaining('one row alone') });
  await refusal(await grid(), { from: 'm = 2' }).toMatchObject({ remedy: 'its rows: "m = 0", "m = 1"' });
  const elsewhere = await verified('verify', { m: 1, seed: 1 }, 0.6, { set: 'calfw' });
  await refusal([(await grid())[0] as Verified, elsewhere]).toMatchObject({
    message: expect.stringContaining('one row alone'),
  });
});

it('leaves out and names rows that were scored on other pairs than most', async () => {
  const pairs = await verified('verify_pairs', {}, 0.9, { set: 'calfw' });
  const found = await compareVerifications([...(await grid()), pairs], store, {});
  expect(found.rows.map(({ label }) => label)).toEqual(['verify, m = 0', 'verify, m = 1']);
  expect(comparisonText(found).notes.at(-1)).toBe('Left out, since they were scored on other pairs: verify_pairs.');
});
