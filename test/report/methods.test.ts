import { describe, expect, it } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { block } from '../../report/blocks/methods/block.ts';
import { agreementOf, ranksOf } from '../../report/blocks/methods/ranks.ts';
import { readMethods } from '../../report/blocks/methods/read.ts';
import type { MethodsParams, RowParams } from '../../report/blocks/methods/row.ts';
import { methodsTable } from '../../report/blocks/methods/table.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { gathered, type Labelled } from '../../report/params.ts';
import { printedNumbers } from '../../report/printed.ts';
import { ReportReader } from '../../report/reader.ts';
import type { TableModel } from '../../report/table.ts';
import { fillTook } from '../../report/took.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { drawnPairs, frechet, madeUpExperiment, putMetrics, putScored, setOf } from './fixture.ts';

const store = memoryStore();
const verified = (average: number): Promise<ArtifactRef> =>
  putMetrics(store, {
    ...{ kind: 'verification', average },
    sets: { lfw: setOf(average + 0.1, 0.03), cplfw: setOf(average - 0.1, 0.03) },
  });
/** Points over axes, of an average each. */
const points = (of: readonly (readonly [matrix: JsonObject, average: number])[]): Promise<Labelled[]> =>
  Promise.all(of.map(async ([matrix, average]) => ({ matrix, artifact: await verified(average) })));

const row = async (label: string, average: number, more: Partial<RowParams> = {}): Promise<RowParams> => ({
  ...{ label, metrics: await verified(average), reference: false, real: false },
  ...more,
});
const paramsOf = (rows: readonly RowParams[], more: Partial<MethodsParams> = {}): MethodsParams => ({
  ...{ judge: 'the judge', gallery: 'the gallery', meanOver: ['seed'], rows },
  ...more,
});
const read = (rows: readonly RowParams[], more: Partial<MethodsParams> = {}) =>
  readMethods(paramsOf(rows, more), new ReportReader(store));

const texts = (table: TableModel | undefined, label: string) => {
  const at = table?.columns.findIndex((column) => column.label === label) ?? -1;
  return table?.rows.map(({ cells: { [at]: cell } }) => [cell?.text, cell?.spread].filter(Boolean).join(' ± '));
};

/** A distance in the space of the Inception network. */
const inception = (distance: number): JsonObject => ({ ...frechet(distance), space: 'inception', dimensions: 2048 });

describe('the table of methods', () => {
  it('has means and deviations over seeds, and the gap to the one reference', async () => {
    const seeds = await points([
      [{ seed: 1 }, 0.6],
      [{ seed: 2 }, 0.62],
      [{ seed: 3 }, 0.64],
    ]);
    const found = await read([
      await row('real', 0.8, { reference: true }),
      await row('made', 0, { metrics: seeds }),
      await row('better', 0.85),
    ]);
    const table = methodsTable(found, '');
    expect(texts(table, 'Average')).toEqual(['80.00', '62.00 ± 2.00', '85.00']);
    // The deviation over folds is none over seeds: of one student, it is left out.
    expect(texts(table, 'LFW')).toEqual(['90.00', '72.00 ± 2.00', '95.00']);
    expect(texts(table, 'GtR')).toEqual(['0.00', '18.00', '−5.00']);
    expect(texts(table, 'Runs')).toEqual(['1', '3', '1']);
    const at = table.columns.findIndex(({ label }) => label === 'GtR');
    expect(table.rows[1]?.cells[at]?.artifacts).toHaveLength(4);
    expect(table.rows.map(({ cells }) => cells.some(({ best }) => best))).toEqual([false, false, true]);
  });

  it('lets no real data compete for the best, be it the reference or not', async () => {
    const found = await read([
      await row('real', 0.8, { reference: true }),
      await row('real, other loss', 0.9, { real: true }),
      await row('a', 0.5),
      await row('b', 0.6),
    ]);
    const { rows } = methodsTable(found, '');
    expect(rows.map(({ cells }) => cells.some(({ best }) => best))).toEqual([false, false, false, true]);
  });

  it('takes a list of metrics as the runs of one row', async () => {
    const found = await read([await row('a', 0, { metrics: [await verified(0.5), await verified(0.7)] })]);
    expect(found.rows[0]?.average).toBeCloseTo(0.6, 12);
    expect(found.rows[0]?.runs.map(({ input }) => input)).toEqual([
      'methods.rows.0.metrics.0',
      'methods.rows.0.metrics.1',
    ]);
  });

  it('leaves the label of a row with one point as it was written, and tells several apart', async () => {
    const one = await points([
      [{ of: 'a_images', seed: 1 }, 0.5],
      [{ of: 'a_images', seed: 2 }, 0.6],
    ]);
    const two = [...one, ...(await points([[{ of: 'b_images', seed: 1 }, 0.7]]))];
    const labels = async (metrics: readonly Labelled[], label: string): Promise<string[]> =>
      (await read([await row(label, 0, { metrics })])).rows.map((each) => each.label);
    expect(await labels(one, 'made')).toEqual(['made']);
    expect(await labels(one, 'made of {of}')).toEqual(['made of a_images']);
    expect(await labels(two, 'made')).toEqual(['made (of = a_images)', 'made (of = b_images)']);
  });

  it('gives each loss of a matrix a row of its own, with what was measured at that point', async () => {
    const metrics = await points([
      [{ loss: 'cosface', seed: 1 }, 0.5],
      [{ loss: 'cosface', seed: 2 }, 0.6],
      [{ loss: 'adaface', seed: 1 }, 0.7],
    ]);
    const distances = await Promise.all(
      ['adaface', 'cosface'].map(async (loss, i) => ({
        matrix: { loss },
        artifact: await putMetrics(store, frechet(0.1 * (i + 1))),
      })),
    );
    const { rows } = await read([await row('made', 0, { metrics, loss: '{loss}', frechet: distances })]);
    expect(rows.map(({ label, loss, average }) => [label, loss, average.toFixed(2)])).toEqual([
      ['made', 'cosface', '0.55'],
      ['made', 'adaface', '0.70'],
    ]);
    expect(rows.map(({ frechet: [only] = [] }) => [only?.distance, only?.input])).toEqual([
      [0.2, 'methods.rows.0.frechet.1.artifact'],
      [0.1, 'methods.rows.0.frechet.0.artifact'],
    ]);
  });

  it('calls the distance by its space and never FID, and warns of unequal and few images', async () => {
    const few = { frechet: await putMetrics(store, frechet(0.5, 100)) };
    const table = methodsTable(
      await read([await row('a', 0.5, { frechet: await putMetrics(store, frechet(0.1)) }), await row('b', 0.6, few)]),
      '',
    );
    const note = table.notes.find((text) => text.startsWith('Fréchet'));
    expect(note).toContain(
      'Fréchet distance in the embedding space of the judge, between 100 to 1,000 images of the set and 1,000 of the reference (bbbbbbbbbbbb)',
    );
    expect(note).toContain('It is no FID');
    expect(note).toContain('Rows differ in the number of images');
    expect(note).toContain('An embedding has 128 numbers');
    expect(table.columns.map(({ label }) => label).join()).not.toContain('FID');
    expect(texts(table, 'Fréchet')).toEqual(['0.1000', '0.5000']);
  });

  it('calls it FID in the space of the Inception network, whatever the judge', async () => {
    const fid = async (distance: number) => ({ frechet: await putMetrics(store, inception(distance)) });
    const table = methodsTable(
      await read([await row('a', 0.5, await fid(18.5)), await row('b', 0.6, await fid(7))]),
      '',
    );
    const note = table.notes.find((text) => text.startsWith('FID'));
    expect(note).toContain('in the space of the Inception network that FIDs are measured with');
    expect(note).toContain('between 1,000 images of the set and 1,000 of the reference');
    expect(note).toContain('A feature has 2,048 numbers');
    expect(note).not.toContain('judge');
    expect(table.notes.join()).not.toContain('no FID');
    expect(texts(table, 'FID')).toEqual(['18.5000', '7.0000']);
    expect(table.columns.map(({ label }) => label)).not.toContain('Fréchet');
  });

  it.each(['space', 'recognizer', 'reference'])('refuses distances of more than one %s', async (what) => {
    const other = what === 'space' ? inception(0.1) : { ...frechet(0.1), [what]: `sha256:${'c'.repeat(64)}` };
    const rows = [
      await row('a', 0.5, { frechet: await putMetrics(store, frechet(0.1)) }),
      await row('b', 0.5, { frechet: await putMetrics(store, other) }),
    ];
    await expect(read(rows)).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: expect.stringContaining(`must be of one ${what}`),
    });
  });

  it('refuses two references', async () => {
    const rows = [await row('a', 0.5, { reference: true }), await row('b', 0.6, { reference: true })];
    await expect(read(rows)).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: 'one row of methods may be the reference, got 2: a; b',
    });
  });
});

describe('costs', () => {
  it('are no part of the artifact: a dash names what their time is to be looked up of', async () => {
    const ref = await verified(0.1);
    const students = await points([
      [{ seed: 1, loss: 'a' }, 0.5],
      [{ seed: 1, loss: 'b' }, 0.6],
    ]);
    const rows = [
      await row('made ({loss})', 0, { metrics: students, cost: { training: [ref, ref], generation: ref, students } }),
    ];
    const model = await readReport(
      { title: 't', description: '', note: '', skipped: [], methods: paramsOf(rows) },
      store,
    );
    const [page, markdown, json] = reportFiles(model).files.map(({ text }) => text) as [string, string, string];
    for (const text of [page, markdown]) {
      expect(text).toContain('–<!--took methods.rows.0.cost.training.0 methods.rows.0.cost.training.1-->');
      expect(text).toContain('–<!--took methods.rows.0.cost.students.0.artifact-->');
      expect(text).toContain('–<!--took methods.rows.0.cost.students.1.artifact-->');
      const filled = fillTook(
        text,
        (inputs) => `${inputs.length} s`,
        () => ' Measured here.',
      );
      expect(filled).not.toContain('<!--took');
      expect(filled).toContain('audited with them. Measured here.');
    }
    expect(
      fillTook(
        page,
        (inputs) => `${inputs.length} s`,
        () => '',
      ),
    ).toContain('<td class="n">2 s</td>');
    expect(printedNumbers(model).filter(({ id }) => / s$|-s$/.test(id))).toEqual([]);
    expect(json).not.toContain('<!--took');
  });
});

/** All but the one of how sure the averages are. */
const tablesOf = ({ parts }: ReturnType<typeof block.draw>): TableModel[] =>
  parts.flatMap((part) => ('table' in part && part.table.id !== 'methods-differences' ? [part.table] : []));

describe('how sure the averages are', () => {
  /** Runs of each row, of which a share of 600 pairs is judged rightly; the same pairs are hard for all. */
  const scoredRow = async (label: string, shares: readonly number[], more: Partial<RowParams> = {}) =>
    row(label, 0, {
      metrics: await Promise.all(
        shares.map(async (share, seed) => ({
          matrix: { seed },
          artifact: await putScored(store, drawnPairs(share, 5)),
        })),
      ),
      ...more,
    });
  const tableOf = async (
    rows: readonly RowParams[],
    more: Partial<MethodsParams> = {},
  ): Promise<TableModel | undefined> => {
    const drawing = block.draw(await read(rows, more), { title: '', description: '', note: '' });
    return drawing.parts
      .flatMap((part) => ('table' in part ? [part.table] : []))
      .find(({ id }) => id === 'methods-differences');
  };

  it('is told by intervals, and by which differences from the best made set are larger than their noise', async () => {
    const rows = [
      await scoredRow('real', [0.99, 0.985], { reference: true }),
      await scoredRow('best', [0.8, 0.81], { loss: 'CosFace' }),
      await scoredRow('near', [0.8, 0.805]),
      await scoredRow('far', [0.6, 0.61]),
    ];
    const table = await tableOf(rows);
    expect(table?.caption).toBe('How sure the averages are, and their differences from “best, CosFace”, the best');
    expect(texts(table, 'Shown')).toEqual(['higher', '–', 'no', 'lower']);
    const compared = (await read(rows)).differences?.rows.map(({ fromBaseline }) => fromBaseline);
    // The smallest of three is multiplied by three.
    expect(compared?.[0]?.holm).toBeCloseTo(3 * (compared?.[0]?.p as number), 12);
    const corrected = texts(table, 'p') as string[];
    expect(corrected[0]).toBe('< 0.001');
    expect(Number(corrected[2])).toBeGreaterThan(0.05);
    expect(table?.notes.join(' ')).toMatch(
      /Other trainings: runs that differ in seed deviate by 0\.\d\d points \(pooled over all rows, 4 degrees/,
    );
    const far = texts(table, '95 % interval')?.[3] ?? '';
    const [lowest = Number.NaN, highest] = [...far.matchAll(/[\d.]+/g)].map(Number);
    expect(lowest).toBeLessThan(60.5);
    expect(highest).toBeGreaterThan(60.5);
    const from = await tableOf(rows, { differencesFrom: 'near' });
    expect(from?.caption).toBe('How sure the averages are, and their differences from “near”');
    await expect(tableOf(rows, { differencesFrom: 'nobody' })).rejects.toMatchObject({ code: 'ReportInputInvalid' });
  });

  it('is left out where rows were scored on other pairs, and where there is one row', async () => {
    const other = { metrics: await putScored(store, drawnPairs(0.7, 5), 'calfw') };
    expect(await tableOf([await scoredRow('a', [0.7]), await row('b', 0, other)])).toBeUndefined();
    expect(await tableOf([await scoredRow('a', [0.7])])).toBeUndefined();
  });
});

describe('the order of a paper', () => {
  const printed = (method: string) => ({ printed: { method, volume: '0.5M', reproduced: false } });
  const draw = async (averages: readonly (readonly [method: string, average: number])[]) => {
    const rows = await Promise.all(averages.map(([method, average]) => row(method, average, printed(method))));
    const drawing = block.draw(await read(rows, { paper: 'cemiface' }), { title: '', description: '', note: '' });
    const tables = tablesOf(drawing);
    const [statement] = drawing.parts.flatMap((part) => ('statement' in part ? [part.statement] : []));
    const words = statement?.map((phrase) => (typeof phrase === 'string' ? phrase : phrase.text)).join('');
    return { tables, words, keyFigures: drawing.keyFigures };
  };

  it('is set beside ours, rank by rank, with the pairs that are turned', async () => {
    const { tables, words, keyFigures } = await draw([
      ['cemiface', 0.9],
      ['dcface', 0.7],
      ['idiff-face', 0.8],
      ['synface', 0.6],
    ]);
    expect(texts(tables[1], 'Rank here')).toEqual(['1', '3', '2', '4']);
    expect(texts(tables[1], 'Rank printed')).toEqual(['1', '2', '3', '4']);
    expect(texts(tables[1], 'Average printed')).toEqual(['92.30', '89.56', '88.20', '74.75']);
    expect(texts(tables[1], 'GtR printed')).toEqual(['1.96', '4.70', '6.06', '19.51']);
    expect(texts(tables[1], 'Ranks')).toEqual(['agree', '1 lower here', '1 higher here', 'agree']);
    expect(texts(tables[2], 'Order in the print')).toEqual(['dcface before idiff-face']);
    expect(texts(tables[2], 'Difference printed')).toEqual(['1.36']);
    expect(texts(tables[2], 'Difference here')).toEqual(['−10.00']);
    expect(texts(tables[2], 'Beyond two standard errors')).toEqual(['not known']);
    expect(words).toBe(
      'Ranks by average agree with the paper’s for “cemiface”, “synface”. Ranks differ for “dcface” (here 3, printed 2), “idiff-face” (here 2, printed 3). Of 6 pairs of rows, 5 are in the paper’s order (Kendall’s τ 0.67).',
    );
    expect(keyFigures?.[0]).toMatchObject({ value: '5 of 6', unit: 'pairs, τ = 0.67' });
  });

  it('says how large a turned difference is beside the deviation over seeds', async () => {
    const seeds = (a: number, b: number) =>
      points([
        [{ seed: 1 }, a],
        [{ seed: 2 }, b],
      ]);
    const rows = [
      await row('dcface', 0, { ...printed('dcface'), metrics: await seeds(0.6, 0.62) }),
      await row('idiff-face', 0, { ...printed('idiff-face'), metrics: await seeds(0.62, 0.64) }),
      await row('synface', 0, { ...printed('synface'), metrics: await seeds(0.8, 0.82) }),
    ];
    const drawing = block.draw(await read(rows, { paper: 'cemiface' }), { title: '', description: '', note: '' });
    const turned = tablesOf(drawing)[2];
    // Deviations √2 points over two runs each: a standard error of √2.
    expect(texts(turned, 'Difference here')).toEqual(['−2.00 ± 1.41', '−20.00 ± 1.41', '−18.00 ± 1.41']);
    expect(texts(turned, 'Beyond two standard errors')).toEqual(['no', 'yes', 'yes']);
  });

  it('has no table of pairs where all are as printed, and is left out where fewer than two rows have one', async () => {
    const same = await draw([
      ['cemiface', 0.9],
      ['dcface', 0.7],
    ]);
    expect(same.tables).toHaveLength(2);
    expect(same.keyFigures?.[0]).toMatchObject({ value: '1 of 1', unit: 'pairs, τ = 1.00' });
    expect((await draw([['cemiface', 0.9]])).tables).toHaveLength(1);
  });

  it('quotes the paper by its file, and counts the rest as ours', async () => {
    const full = await madeUpExperiment(store);
    const numbers = printedNumbers(await readReport(full, store));
    const of = (id: string) => numbers.find((each) => each.id === `methods-ranks.dcface-cosface.${id}`);
    expect(of('average-printed')).toMatchObject({
      quoted: true,
      text: '89.56',
      at: ['results.yaml#/table6_comparison/5/avg'],
    });
    expect(of('rank-here')?.quoted).toBe(false);
    // A rank depends on the averages of all rows.
    expect(of('rank-here')?.artifacts).toHaveLength(12);
  });

  it.each([
    ['that the paper does not print', printed('stylegan'), /names 0 rows of the paper.*stylegan/],
    [
      'of another loss',
      { printed: { ...printed('casia-webface').printed, volume: '0.49M', loss: 'arcface' } },
      /names 0 rows.*arcface/,
    ],
  ])('refuses a row %s, naming those that there are', async (_, more, message) => {
    const reading = read([await row('a', 0.5, more)], { paper: 'cemiface' });
    await expect(reading).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: expect.stringMatching(message),
    });
  });

  it('refuses a printed row where no paper is named', async () => {
    await expect(read([await row('a', 0.5, printed('dcface'))])).rejects.toMatchObject({
      message: 'row "a" names a printed row, and methods.paper no paper',
    });
  });
});

describe('ranks', () => {
  it('begin with the highest; equal values share the better one', () => {
    expect(ranksOf([0.5, 0.9, 0.5, 0.1])).toEqual([2, 1, 2, 4]);
  });

  it('agree pair by pair: Kendall’s τ, pairs that are equal here being neither', () => {
    expect(agreementOf([3, 2, 1], [30, 20, 10])).toEqual({ pairs: 3, agreeing: 3, turned: [], tau: 1 });
    expect(agreementOf([1, 2, 3], [30, 20, 10]).tau).toBe(-1);
    expect(agreementOf([3, 1, 1], [30, 20, 10])).toEqual({ pairs: 3, agreeing: 2, turned: [[1, 2]], tau: 2 / 3 });
    // What the print has equal has no order.
    expect(agreementOf([1, 2], [5, 5])).toEqual({ pairs: 0, agreeing: 0, turned: [], tau: 0 });
  });
});

describe('references of a row', () => {
  it('are one artifact, points of a matrix, or a list of either, each with its place', async () => {
    const ref = await verified(0.1);
    const labelled = { matrix: { seed: 1 }, artifact: ref };
    expect(gathered(ref, 'a').map(({ input }) => input)).toEqual(['a']);
    expect(gathered([labelled], 'a').map(({ input, matrix }) => [input, matrix])).toEqual([
      ['a.0.artifact', { seed: 1 }],
    ]);
    expect(gathered([ref, [labelled, labelled]], 'a').map(({ input }) => input)).toEqual([
      ...['a.0', 'a.1.0.artifact', 'a.1.1.artifact'],
    ]);
  });
});
