import { beforeAll } from 'vitest';
import { stage as centers } from '../../activities/centers-compute/stage.ts';
import { stage as inspect } from '../../activities/data-inspect/stage.ts';
import { stage as joining } from '../../activities/data-join/stage.ts';
import { stage as choosing } from '../../activities/data-select/stage.ts';
import { stage as subset } from '../../activities/data-subset/stage.ts';
import { stage as frechet } from '../../activities/evaluate-frechet/stage.ts';
import { stage as identification } from '../../activities/evaluate-identification/stage.ts';
import { stage as privacy } from '../../activities/evaluate-privacy/stage.ts';
import { stage as similarity } from '../../activities/evaluate-similarity/stage.ts';
import { stage as tsne } from '../../activities/evaluate-tsne/stage.ts';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import { stage as ofCenters } from '../../activities/inquiry-centers/stage.ts';
import { stage as ofRandom } from '../../activities/inquiry-random/stage.ts';
import { stage as inquiry } from '../../activities/inquiry-select/stage.ts';
import { stage as selection } from '../../activities/recognizer-select/stage.ts';
import { stage as train } from '../../activities/recognizer-train/stage.ts';
import { stage as report } from '../../activities/report-build/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import { float32, toyBenchmarks, toyContext, toyDataset } from '../activities/toy.ts';
import { putInquiries } from '../methods/cemiface/tiny.ts';
import {
  contextOf,
  type FullReport,
  madeUpExperiment,
  putMetrics,
  verification as verified,
} from '../report/fixture.ts';
import { sweep } from './sweep.ts';

const context = toyContext();
const { store } = context;
const names = [
  'data',
  'faces',
  'strangers',
  'crowd',
  'others',
  'recognizer',
  'judge',
  'inquiries',
  'turned',
  'more',
  'benchmarks',
  'tests',
  'centers',
  'otherCenters',
  'wide',
  'measured',
] as const;
const refs = {} as Record<(typeof names)[number], ArtifactRef>;
let full: FullReport;
const ref = (name: (typeof names)[number]): JsonObject => ({ ...refs[name] });

beforeAll(async () => {
  refs.data = await toyDataset(store, 4, 2);
  refs.faces = await toyDataset(store, 4, 3);
  refs.strangers = await toyDataset(store, 4, 2, 10);
  refs.crowd = await toyDataset(store, 8, 2, 30);
  refs.others = await toyDataset(store, 8, 2, 60);
  const small = { stemWidth: 4, stemStride: 1, widths: [4], depths: [1], strides: [2], embedding: 4, preset: 'small' };
  const training = {
    ...{ data: refs.data, network: small, loss: 'cosface', m: 0.4, h: 0.3, s: 8, t_alpha: 0.01, epochs: 1, batch: 4 },
    ...{
      microBatch: 0,
      recompute: false,
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 0,
      milestones: [],
      gamma: 0.1,
      warmup: 0,
      ...{ lrBatch: 0, validateEvery: 1, keep: 'last', ...float32 },
    },
    augment: { cropScale: [1, 1], flip: 0, jitter: 0, erase: 0, eraseScale: [0.1, 0.2] },
  };
  refs.recognizer = (await train.run(training as never, context)).weights as ArtifactRef;
  refs.judge = (await train.run({ ...training, lr: 0.2 } as never, context)).weights as ArtifactRef;
  refs.inquiries = await putInquiries(store, 4);
  refs.turned = await putInquiries(store, 4, 10);
  refs.more = await putInquiries(store, 5, 1);
  refs.benchmarks = await toyBenchmarks(store, 20);
  refs.tests = await toyBenchmarks(store, 50);
  const lfw = { recognizer: refs.recognizer, benchmarks: refs.benchmarks, sets: [], ...float32 };
  refs.measured = (await verification.run(lfw, context)).metrics as ArtifactRef;
  full = await madeUpExperiment(store, [0, 1]);
  const groups = { data: refs.faces, recognizer: refs.recognizer, source: 'mean' as const, groups: 2, ...float32 };
  refs.centers = (await centers.run(groups, context)).centers as ArtifactRef;
  refs.otherCenters = (await centers.run({ ...groups, recognizer: refs.judge }, context)).centers as ArtifactRef;
  const wide = { ...training, network: { ...small, embedding: 5 } };
  refs.wide = (await train.run(wide as never, context)).weights as ArtifactRef;
});

sweep('centers/compute', {
  store,
  run: (params) => centers.run(params as never, context),
  base: () => ({ data: ref('data'), recognizer: ref('recognizer') }),
  changes: () => ({
    data: { to: ref('faces'), with: { source: 'mean' } },
    precision: { to: 'bfloat16' },
    recognizer: { to: ref('judge') },
    source: { to: 'mean' },
    groups: { to: 2 },
  }),
});

sweep('inquiry/select', {
  store,
  run: (params) => inquiry.run(params as never, context),
  base: () => ({ data: ref('data'), recognizer: ref('recognizer'), count: 4, maxSimilarity: 1, imagesPerIdentity: 1 }),
  changes: () => ({
    data: { to: ref('strangers') },
    precision: { to: 'bfloat16' },
    recognizer: { to: ref('judge') },
    count: { to: 3 },
    maxSimilarity: { to: -0.9 },
    threshold: { to: { metrics: ref('measured'), set: 'lfw' } },
    imagesPerIdentity: { to: 2 },
    against: { to: [{ data: ref('data'), maxSimilarity: 0.5, by: 'identities' }] },
  }),
});

sweep('inquiry/centers', {
  store,
  run: (params) => ofCenters.run(params as never, context),
  base: () => ({ centers: ref('centers') }),
  changes: () => ({ centers: { to: ref('otherCenters') }, count: { to: 2 } }),
});

sweep('inquiry/random', {
  store,
  run: (params) => ofRandom.run(params as never, context),
  base: () => ({ recognizer: ref('recognizer'), count: 3 }),
  changes: () => ({ recognizer: { to: ref('wide') }, count: { to: 2 } }),
});

sweep('data/inspect', {
  store,
  run: (params) => inspect.run(params as never, context),
  base: () => ({
    ...{ data: ref('data'), recognizer: ref('recognizer'), minSimilarity: -1, minImages: 3 },
    others: [{ label: 'faces', data: ref('faces') }],
  }),
  changes: () => ({
    data: { to: ref('strangers') },
    others: { to: [{ label: 'benchmarks', data: ref('benchmarks') }] },
    precision: { to: 'bfloat16' },
    recognizer: { to: ref('judge') },
    minSimilarity: { to: 1 },
    threshold: { to: { metrics: ref('measured'), set: 'lfw' } },
    minImages: { to: 1 },
    listed: { to: 1 },
    pictures: { to: 1 },
  }),
});

sweep('data/subset', {
  store,
  run: (params) => subset.run(params as never, context),
  base: () => ({ data: ref('faces') }),
  changes: () => ({
    data: { to: ref('data') },
    group: { to: { centers: ref('centers'), index: 0 } },
    identities: { to: 2 },
    images: { to: 1 },
    draw: { to: 'first', with: { images: 1 } },
  }),
});

sweep('data/join', {
  store,
  run: (params) => joining.run(params as never, context),
  base: () => ({ sets: [ref('faces'), ref('data')] }),
  changes: () => ({
    sets: { to: [ref('faces'), ref('faces')] },
    numbers: { to: 'shared' },
  }),
});

sweep('evaluate/verification', {
  store,
  run: (params) => verification.run(params as never, context),
  base: () => ({ recognizer: ref('recognizer'), benchmarks: ref('benchmarks') }),
  changes: () => ({
    precision: { to: 'bfloat16' },
    recognizer: { to: ref('judge') },
    benchmarks: { to: ref('tests') },
    sets: { to: ['cplfw'] },
  }),
});

sweep('evaluate/identification', {
  store,
  run: (params) => identification.run(params as never, context),
  base: () => ({ recognizer: ref('recognizer'), gallery: ref('faces') }),
  changes: () => ({
    recognizer: { to: ref('judge') },
    gallery: { to: ref('crowd') },
    probes: { to: ref('data') },
    galleryImages: { to: 2 },
    precision: { to: 'bfloat16' },
  }),
});

sweep('evaluate/similarity', {
  store,
  run: (params) => similarity.run(params as never, context),
  base: () => ({ data: ref('data'), inquiries: ref('inquiries'), recognizer: ref('recognizer') }),
  changes: () => ({
    data: { to: ref('faces') },
    inquiries: { to: ref('turned') },
    precision: { to: 'bfloat16' },
    recognizer: { to: ref('judge') },
  }),
});

sweep('evaluate/frechet', {
  store,
  run: (params) => frechet.run(params as never, context),
  base: () => ({ data: ref('data'), reference: ref('faces'), recognizer: ref('recognizer'), images: 4 }),
  changes: () => ({
    data: { to: ref('strangers') },
    reference: { to: ref('crowd') },
    precision: { to: 'bfloat16' },
    recognizer: { to: ref('judge') },
    images: { to: 3 },
  }),
});

sweep('evaluate/tsne', {
  store,
  run: (params) => tsne.run(params as never, context),
  base: () => ({
    sets: [{ label: 'faces', data: ref('faces'), inquiries: ref('inquiries') }],
    ...{ recognizer: ref('recognizer'), identities: 3, images: 3, perplexity: 2, iterations: 260 },
  }),
  changes: () => ({
    sets: { to: [{ label: 'faces', data: ref('strangers') }] },
    recognizer: { to: ref('judge') },
    identities: { to: 2 },
    images: { to: 2 },
    perplexity: { to: 3 },
    iterations: { to: 270 },
    learningRate: { to: 20 },
    earlyExaggeration: { to: 4 },
    precision: { to: 'bfloat16' },
  }),
});

sweep('evaluate/privacy', {
  store,
  run: (params) => privacy.run(params as never, context),
  base: () => ({
    ...{ data: ref('data'), real: ref('faces'), strangers: ref('crowd'), recognizer: ref('recognizer') },
    fpir: 0.25,
  }),
  changes: () => ({
    data: { to: ref('strangers') },
    real: { to: ref('more') },
    strangers: { to: ref('others') },
    precision: { to: 'bfloat16' },
    recognizer: { to: ref('judge') },
    fpir: { to: 0.5 },
  }),
});

const labelled = (of: readonly ArtifactRef[]): Json =>
  of.map((artifact, run) => ({ matrix: { run }, artifact: { ...artifact } })) as Json;

let candidates: { metrics: ArtifactRef[]; turned: ArtifactRef[] };

beforeAll(async () => {
  const result = (lfw: number, average: number) => {
    const { sets } = verified(0.8, 1) as { sets: { lfw: JsonObject } };
    return putMetrics(store, { kind: 'verification', sets: { lfw: { ...sets.lfw, accuracy: lfw } }, average });
  };
  const [first, second] = [await result(0.9, 0.6), await result(0.7, 0.8)];
  candidates = { metrics: [first, second], turned: [second, first] };
});

sweep('data/select', {
  store,
  run: (params) => choosing.run(params as never, context),
  base: () => ({ sets: labelled([refs.faces, refs.data]), metrics: labelled(candidates.metrics) }),
  changes: () => ({
    sets: { to: labelled([refs.data, refs.faces]) },
    metrics: { to: labelled(candidates.turned) },
    by: { to: 'lfw' },
  }),
});

sweep('recognizer/select', {
  store,
  run: (params) => selection.run(params as never, context),
  base: () => ({
    recognizers: labelled([refs.recognizer, refs.judge]),
    metrics: labelled(candidates.metrics),
  }),
  changes: () => ({
    recognizers: { to: labelled([refs.judge, refs.recognizer]) },
    metrics: { to: labelled(candidates.turned) },
    by: { to: 'lfw' },
  }),
});

sweep('report/build', {
  store,
  run: (params) => report.run(params as never, contextOf(store)),
  base: () => JSON.parse(JSON.stringify(full)),
  changes: () => {
    const {
      accuracy,
      curve,
      roc,
      comparison,
      similarity: similar,
      tsne: maps,
      privacy: near,
      identification: searched,
      templates,
      sets,
      inspect: looked,
      grid,
      methods,
      tables,
      measures,
      subjects,
      samples,
      training,
    } = JSON.parse(JSON.stringify(full));
    const without = (block: Json): Json => (Array.isArray(block) ? block.slice(1) : block);
    return {
      title: { to: 'Another title' },
      description: { to: 'Another description' },
      note: { to: 'Another note' },
      deviations: { to: 'docs/deviations.md' },
      skipped: { to: [{ stage: 'students[m=0]', because: 'no time' }] },
      accuracy: { to: without(accuracy) },
      curve: { to: { ...curve, metrics: without(curve.metrics) } },
      roc: { to: without(roc) },
      comparison: { to: { ...comparison, baseline: 0 } },
      similarity: { to: without(similar) },
      tsne: { to: without(maps) },
      privacy: { to: without(near) },
      templates: { to: without(templates) },
      identification: { to: without(searched) },
      sets: { to: without(sets) },
      inspect: { to: without(looked) },
      grid: { to: { ...grid, rows: 3 } },
      methods: { to: { ...methods, rows: without(methods.rows) } },
      tables: { to: { sweep: { ...tables.sweep, caption: 'Another caption' } } },
      measures: { to: { likeness: { ...measures.likeness, note: 'Another note' } } },
      subjects: { to: { ...subjects, images: 1 } },
      samples: { to: without(samples) },
      training: { to: without(training) },
      paper: { to: full.paper !== true },
    };
  },
});
