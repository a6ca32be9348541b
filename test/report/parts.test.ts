import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { readResults } from '../../methods/cemiface/paper/results.ts';
import { withGaps } from '../../report/blocks/accuracy/gaps.ts';
import { readAccuracy } from '../../report/blocks/accuracy/read.ts';
import { binLabels } from '../../report/blocks/similarity/read.ts';
import { count, fixed, percent, significant, sortBenchmarks } from '../../report/format.ts';
import { fillLabel } from '../../report/labels.ts';
import { escapeMarkdown } from '../../report/markdown.ts';
import { ReportReader } from '../../report/reader.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { putMetrics, similarity, verification } from './fixture.ts';

const artifact: Digest = `sha256:${'c'.repeat(64)}`;

describe('labels', () => {
  it('take matrix values where they are named', () => {
    expect(fillLabel('CemiFace, m = {m}', { m: -0.5 })).toBe('CemiFace, m = −0.5');
  });

  it('get matrix values appended where rows would read the same', () => {
    expect(fillLabel('CemiFace', { m: 1 })).toBe('CemiFace (m = 1)');
    expect(fillLabel('CemiFace', {})).toBe('CemiFace');
  });

  it('refuse an axis that there is not, naming those there are', () => {
    expect(() => fillLabel('{n}', { m: 1 })).toThrow(
      expect.objectContaining({ code: 'ReportInputInvalid', remedy: 'use one of: {m}' }),
    );
    expect(() => fillLabel('{constructor}', { m: 1 })).toThrow(expect.objectContaining({ code: 'ReportInputInvalid' }));
  });
});

describe('numbers', () => {
  it('of any size keep four significant digits', () => {
    expect([12.59731, 0.00004, -3].map(significant)).toEqual(['12.6', '0.00004', '−3']);
  });

  it('are printed without a locale, with a true minus and no negative zero', () => {
    expect([fixed(-0.001, 2), fixed(-1.5, 1), percent(0.92296), count(1234567)]).toEqual([
      '0.00',
      '−1.5',
      '92.30',
      '1,234,567',
    ]);
  });

  it('stand in the order of the paper', () => {
    expect(sortBenchmarks(['zzz', 'cplfw', 'lfw', 'abc', 'lfw', 'agedb_30'])).toEqual([
      'lfw',
      'agedb_30',
      'cplfw',
      'abc',
      'zzz',
    ]);
  });
});

describe('withGaps', () => {
  const row = (average: number, reference: boolean) => ({
    runs: [],
    meanOver: [],
    sets: {},
    average,
    label: `${average}`,
    matrix: {},
    reference,
    generated: !reference,
  });

  const gaps = (of: ReturnType<typeof withGaps>[number] | undefined) => of?.gapsToReal.map(({ gap }) => gap);

  it('counts the gap from the reference to each row, also where a row is better', () => {
    const [first, real, better] = withGaps([row(0.7, false), row(0.9426, true), row(0.95, false)]);
    expect(gaps(first)?.[0]).toBeCloseTo(0.2426, 12);
    expect(gaps(real)).toEqual([0]);
    expect(gaps(better)?.[0]).toBeCloseTo(-0.0074, 12);
  });

  it('counts from each of several references, which are rows like others', () => {
    const [first, whole, equal] = withGaps([row(0.7, false), row(0.9, true), row(0.8, true)]);
    expect(first?.gapsToReal.map(({ from }) => from)).toEqual(['0.9', '0.8']);
    expect(gaps(first)?.map((gap) => gap.toFixed(3))).toEqual(['0.200', '0.100']);
    expect(gaps(whole)?.map((gap) => gap.toFixed(3))).toEqual(['0.000', '-0.100']);
    expect(gaps(equal)?.map((gap) => gap.toFixed(3))).toEqual(['0.100', '0.000']);
  });

  it('gives no gap without a reference, and refuses more than four', () => {
    expect(withGaps([row(0.7, false)])[0]?.gapsToReal).toEqual([]);
    const references = [0.5, 0.6, 0.7, 0.8, 0.9].map((average) => row(average, true));
    expect(withGaps(references.slice(1))).toHaveLength(4);
    expect(() => withGaps(references)).toThrow(expect.objectContaining({ code: 'ReportInputInvalid' }));
  });
});

describe('inputs', () => {
  it('refuses metrics of another kind, and numbers that are none', async () => {
    const store = memoryStore();
    const read = async (metrics: JsonObject) =>
      readAccuracy(
        [{ label: 'a', metrics: await putMetrics(store, metrics), reference: false }],
        new ReportReader(store),
      );
    expect((await read(verification(0.8, 1)))[0]?.runs[0]?.sets.lfw?.pairs).toBe(3000);
    await expect(read(similarity(0.3, 1))).rejects.toMatchObject({
      code: 'ReportInputInvalid',
      message: expect.stringMatching(/needs metrics of the kind verification, and sha256:\w+ has similarity/),
    });
    await expect(read({ ...verification(0.8, 1), average: '<b>' })).rejects.toMatchObject({
      code: 'ArtifactInvalid',
      data: { field: 'metrics.json.average' },
    });
  });

  it('names ranges closed at both ends, open above, and open at both ends', () => {
    expect(binLabels([0, 0.1], 1, artifact)).toEqual(['0.0 to 0.1']);
    expect(binLabels([0, 0.1], 2, artifact)).toEqual(['0.0 to 0.1', 'above 0.1']);
    expect(binLabels([0, 0.1], 3, artifact)).toEqual(['below 0.0', '0.0 to 0.1', 'above 0.1']);
    expect(() => binLabels([0, 0.1], 4, artifact)).toThrow(/must fit/);
  });
});

describe('Markdown', () => {
  it('shows hostile text as text, in one table cell', () => {
    const shown = escapeMarkdown('a | b\n<img src=x onerror=1> [x](javascript:1) `c` **d** https://e');
    expect(shown).not.toMatch(/[<>\n]|(?<!\\)[|[\]`*]|:\/\//);
  });

  it('leaves numbers alone', () => {
    expect(escapeMarkdown('97.17 ± 1.08')).toBe('97.17 ± 1.08');
    expect(escapeMarkdown('1. first')).toBe('1\\. first');
  });
});

describe('the paper', () => {
  it('is quoted from the file whose digest its numbers name', async () => {
    const paper = await readResults();
    const file = readFileSync(new URL('../../methods/cemiface/paper/results.yaml', import.meta.url));
    expect(paper.artifact).toBe(digestOf(file));
    expect(paper.comparison.find((row) => row.method === 'cemiface' && row.volume === '0.5M')?.avg).toBe(92.3);
    expect(paper.sweep).toHaveLength(21);
    expect(paper.similarity.rows.map((row) => row.identities.length)).toEqual([6, 6]);
  });
});
