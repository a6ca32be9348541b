import { beforeAll, describe, expect, it } from 'vitest';
import { stage as imported } from '../../activities/data-import-ijb/stage.ts';
import { recompute } from '../../activities/evaluate-templates/recompute.ts';
import { stage } from '../../activities/evaluate-templates/stage.ts';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { templatesKind } from '../../artifacts/codecs/metrics-templates.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { loadWeights } from '../../artifacts/codecs/weights.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import { readTemplateScores } from '../../artifacts/templates.ts';
import type { ActionRecord } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { template } from '../../data/align/template.ts';
import { decodeImage } from '../../formats/image.ts';
import { nearestTars } from '../../metrics/templates.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { tf } from '../../nn/tf.ts';
import { fromSafetensors } from '../../nn/weights.ts';
import { block } from '../../report/blocks/templates/block.ts';
import { ReportReader } from '../../report/reader.ts';
import { putRecognizer, tinyRecognizer } from '../methods/cemiface/tiny.ts';
import { faces, ijbFolder as home, pairs } from './ijb-folder.ts';
import { float32, side, toyContext, toyPixels } from './toy.ts';

const context = toyContext();
const { store } = context;
let recognizer: ArtifactRef;

const lists = { faces: 'meta/faces.txt', pairs: 'meta/pairs.txt', points: 'meta/points.txt', images: 'crops' };
const take = async (path: string, params: JsonObject = {}): Promise<ArtifactRef> => {
  const facts = { set: 'ijbc', align: false, size: side, links: 'inside', licence: '', source: '', consent: '' };
  const given = { ...facts, ...lists, ...params };
  const { benchmarks } = await imported.run(given as never, { ...context, places: { path } });
  return benchmarks as ArtifactRef;
};

beforeAll(async () => {
  recognizer = await putRecognizer(store);
});

const evaluate = async (benchmarks: ArtifactRef, weighting: 'none' | 'detector' = 'none') => {
  const params = { recognizer, benchmarks, weighting, ...float32 };
  const outputs = await stage.run(params, context);
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  return { params, outputs, ...(await readTemplateScores(store, scores, 'ijbc')) };
};

/** The cosines of the listed pairs, computed from the definition. */
const wantedCosines = async (weigh: boolean): Promise<number[]> => {
  const weights = fromSafetensors(await loadWeights(store, recognizer), recognizerParameters(tinyRecognizer));
  const rows = faces.map(([person, photo, , , score]) => {
    const x = tf.tensor4d(
      Array.from(toyPixels(person, photo), (p) => (2 * p) / 255 - 1),
      [1, side, side, 3],
    );
    const both = [x, x.reverse(2)].map((view) => [...embed(weights, view as tf.Tensor4D, tinyRecognizer).dataSync()]);
    return (both[0] as number[]).map((value, k) => (value + (both[1]?.[k] as number)) * (weigh ? score : 1));
  });
  const mean = (...of: number[]) =>
    (rows[0] as number[]).map((_, k) => of.reduce((s, i) => s + (rows[i]?.[k] as number), 0) / of.length);
  const five = mean(0).map((value, k) => value + (mean(1, 2)[k] as number));
  const of: { [template: string]: number[] } = { 5: five, 8: mean(3), 2: mean(4), 9: mean(5) };
  const cosine = (a: number[], b: number[]): number =>
    a.reduce((s, v, k) => s + v * (b[k] as number), 0) / Math.hypot(...a) / Math.hypot(...b);
  return pairs
    .trim()
    .split('\n')
    .map((line) => {
      const [left, right] = line.split(' ') as [string, string];
      return cosine(of[left] as number[], of[right] as number[]);
    });
};

describe('evaluate/templates', () => {
  it.each(['none', 'detector'] as const)(
    'scores the listed pairs as IJB is scored, weighting: %s',
    async (weighting) => {
      const { similarity, same } = await evaluate(await take(await home()), weighting);
      const wanted = await wantedCosines(weighting === 'detector');
      expect([...same]).toEqual([1, 1, 0, 0, 0]);
      for (const [i, value] of wanted.entries()) expect(similarity[i]).toBeCloseTo(value, 4);
    },
  );

  it('weighs faces by their score, if asked to', async () => {
    const benchmarks = await take(await home());
    expect((await evaluate(benchmarks, 'detector')).similarity).not.toEqual((await evaluate(benchmarks)).similarity);
    // Without the list of scores every face counts alike.
    const plain = await take(await home(), { points: '' });
    expect((await evaluate(plain, 'detector')).similarity).toEqual((await evaluate(plain)).similarity);
  });

  it('keeps TAR at the nearest FAR, which an audit recomputes and a report shows', async () => {
    const { params, outputs, ...scores } = await evaluate(await take(await home()));
    const metrics = await readMetricsOf(store, outputs.metrics as ArtifactRef, templatesKind);
    expect(metrics).toEqual({
      ...{ kind: 'templates', channels: 'rgb' },
      sets: { ijbc: { pairs: 5, same: 2, tar: nearestTars(scores) } },
    });
    const record = { action: { params: JSON.parse(JSON.stringify(params)) }, outputs } as Partial<ActionRecord>;
    expect(await recompute(record as ActionRecord, store)).toEqual({
      ...{ output: 'metrics', metrics, from: 'from template scores' },
    });
    const rows = await block.read(
      [{ label: 'tiny', metrics: outputs.metrics as ArtifactRef }],
      new ReportReader(store),
      {} as never,
    );
    const drawn = JSON.stringify(block.draw(rows, { title: '', description: '', note: '' }));
    expect(drawn).toContain('FAR 1e−6');
    expect(drawn).toContain('metrics.json#/sets/ijbc/tar/5/tar');
  });

  it('is not for pairs of images, nor verification for templates', async () => {
    const run = verification.run({ recognizer, benchmarks: await take(await home()), sets: [], ...float32 }, context);
    await expect(run).rejects.toMatchObject({ code: 'BenchmarkMissing' });
  });
});

describe('data/import-ijb', () => {
  it('gives the same digest again', async () => {
    expect(await take(await home())).toEqual(await take(await home()));
  });

  it('aligns loose crops by their five points, where they have any', async () => {
    const edge = 112;
    const list = (shift: number): string => {
      const points = [...template({ height: edge, width: edge })].map((value) => value + shift).join(' ');
      return faces.map(([, , , , score], i) => `${i}.png ${points} ${score}\n`).join('');
    };
    const first = async (shift: number, params: JsonObject): Promise<Uint8Array> => {
      const ref = await take(await home({ 'meta/points.txt': list(shift) }, edge), { size: edge, ...params });
      const [shard] = shardsOf((await store.getArtifact(ref)).files, 'ijbc/');
      const [sample] = unpackShard(await store.getBlob(shard?.digest as never), 'shard');
      return (await decodeImage(sample?.bytes as Uint8Array)).pixels;
    };
    const crop = await first(0, { align: false });
    expect(await first(0, { align: true })).toEqual(crop);
    const shifted = await first(5, { align: true });
    const at = (pixels: Uint8Array, y: number, x: number) =>
      pixels.subarray(3 * (y * edge + x), 3 * (y * edge + x) + 3);
    for (const [y, x] of [
      [0, 0],
      [40, 60],
      [106, 106],
    ] as const)
      expect(at(shifted, y, x)).toEqual(at(crop, y + 5, x + 5));
    expect([...at(shifted, 110, 110)]).toEqual([0, 0, 0]);
    await expect(take(await home({}, edge), { size: edge, align: true, points: '' })).rejects.toMatchObject({
      code: 'BadImages',
      message: expect.stringContaining('0.png (has no landmarks)'),
    });
  });

  it.each([
    [
      'loose crops of another size',
      {},
      { size: 16 },
      { code: 'BadImages', data: { set: 'ijbc', count: 6, images: 6 } },
    ],
    [
      'a crop that is not there',
      { 'meta/faces.txt': '0.png 5 1\n77.png 8 1\n' },
      { points: '' },
      { code: 'TemplatesInvalid' },
    ],
    [
      'a crop that is not there, in lists that fit',
      { 'meta/faces.txt': '0.png 5 1\n77.png 8 1\n', 'meta/pairs.txt': '5 8 1\n8 5 0\n' },
      { points: '' },
      { code: 'BenchmarksMissing' },
    ],
    [
      'a template without faces',
      { 'meta/pairs.txt': '5 8 1\n5 77 0\n' },
      {},
      { code: 'TemplatesInvalid', data: { template: 77 } },
    ],
    [
      'landmarks of other faces',
      { 'meta/points.txt': '9.png 1 2 3 4 5 6 7 8 9 10 1\n' },
      {},
      { code: 'TemplatesInvalid' },
    ],
    ['pairs of one person alone', { 'meta/pairs.txt': '5 8 1\n' }, {}, { code: 'TemplatesInvalid' }],
    ['a list that is not there', {}, { pairs: 'meta/none.txt' }, { code: 'BenchmarksMissing' }],
    [
      'a damaged list',
      { 'meta/pairs.txt': '5 8 1\n5 8\n' },
      {},
      { code: 'FormatInvalid', message: expect.stringContaining('line 2') },
    ],
  ] as const)('refuses %s', async (_, files, params, error) => {
    await expect(take(await home(files), params)).rejects.toMatchObject(error);
  });
});
