import { putMetrics as putPictured } from '../../artifacts/codecs/metrics.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { toJson } from '../../artifacts/finite.ts';
import { encodePairScores } from '../../artifacts/scores.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { noCheckpoints } from '../../core/checkpoint.ts';
import { digestOf } from '../../core/digest.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import { normalStream, randomStream } from '../../core/random.ts';
import type { ArtifactStore, StageContext } from '../../core/stage.ts';
import { encodePng } from '../../formats/image.ts';
import { identificationMetrics } from '../../metrics/identification.ts';
import type { InspectionMetrics } from '../../metrics/inspection.ts';
import { templateMetrics } from '../../metrics/templates.ts';
import type { MappedPoints, TsneMetrics } from '../../metrics/tsne/metrics.ts';
import { type PairScores, verificationMetrics } from '../../metrics/verification.ts';
import type { ReportParams } from '../../report/block.ts';
import type { AccuracyParams } from '../../report/blocks/accuracy/read.ts';
import type { ComparisonParams } from '../../report/blocks/comparison/read.ts';
import type { CurveParams } from '../../report/blocks/curve/read.ts';
import type { GridParams } from '../../report/blocks/grid/read.ts';
import type { InspectParams } from '../../report/blocks/inspect/read.ts';
import type { MeasuresParams } from '../../report/blocks/measures/read.ts';
import type { MethodsParams } from '../../report/blocks/methods/row.ts';
import type { PrivacyParams } from '../../report/blocks/privacy/read.ts';
import type { RocParams } from '../../report/blocks/roc/read.ts';
import type { SamplesParams } from '../../report/blocks/samples/read.ts';
import type { SetsParams } from '../../report/blocks/sets/read.ts';
import type { SimilarityParams } from '../../report/blocks/similarity/read.ts';
import type { SubjectsParams } from '../../report/blocks/subjects/read.ts';
import type { TablesParams } from '../../report/blocks/tables/read.ts';
import type { TrainingParams } from '../../report/blocks/training/read.ts';
import type { TsneParams } from '../../report/blocks/tsne/read.ts';
import type { Labelled } from '../../report/params.ts';

/** The parameters of a report with every block of this repository. */
export interface FullReport extends ReportParams {
  readonly accuracy: AccuracyParams;
  readonly curve: CurveParams;
  readonly roc: RocParams;
  readonly identification: RocParams;
  readonly templates: RocParams;
  readonly comparison: ComparisonParams;
  readonly similarity: SimilarityParams;
  readonly tsne: TsneParams;
  readonly privacy: PrivacyParams;
  readonly sets: SetsParams;
  readonly inspect: InspectParams;
  readonly grid: GridParams;
  readonly methods: MethodsParams;
  readonly tables: TablesParams;
  readonly measures: MeasuresParams;
  readonly subjects: SubjectsParams;
  readonly samples: SamplesParams;
  readonly training: TrainingParams;
  readonly paper: boolean;
}

/** Made-up results of a small experiment, in a store as its stages would have left them. No claim about anything. */
export const madeUpExperiment = async (store: ArtifactStore, ms = [-0.5, 0, 0.5, 1]): Promise<FullReport> => {
  const over = async (make: (m: number) => Promise<ArtifactRef>) =>
    Promise.all(ms.map(async (m) => ({ matrix: { m }, artifact: await make(m) })));
  const verify = await over((m) =>
    putMetrics(store, verification(0.58 + 0.14 * Math.exp(-((m - 0.25) ** 2) / 0.35), m)),
  );
  const scored = await over((m) => putScored(store, drawnPairs(0.62 + 0.08 * m, 5)));
  const searched = await over((m) => {
    const rank = Int32Array.from({ length: 40 }, (_, i) => 1 + (i % Math.round(4 - 2 * m)));
    const facts = { channels: 'rgb', gallery: 10, galleryImages: 1, withoutMate: 0 } as const;
    return putMetrics(store, JSON.parse(JSON.stringify(identificationMetrics(rank, facts))));
  });
  const paired = await over((m) => {
    const { distance, same } = drawnPairs(0.62 + 0.08 * m, 6);
    const scores = { similarity: distance.map((each) => 1 - each / 2), same };
    return putMetrics(store, JSON.parse(JSON.stringify(templateMetrics([['ijbc', scores]], 'bgr'))));
  });
  const unseen = await over((m) => putMetrics(store, similarity(0.29 + 0.1 * m, m + 7)));
  const sets = await over((m) => putFaces(store, 4, 6, 1 + m, { origin: 'generated' }));
  const asked = await putFaces(store, 5, 1, 5, { embeddingSize: 2, maxSimilarity: 0.3 }, 'inquiries');
  const real = await putFaces(store, 4, 6, 3, { origin: 'procedural' });
  /** Students of three seeds about a level. */
  const students = (level: number, seed: number): Promise<Labelled[]> =>
    Promise.all(
      [0, 1, 2].map(async (run) => ({
        matrix: { seed: run },
        artifact: await putMetrics(store, verification(level + 0.004 * run, seed + run)),
      })),
    );
  const log = (from: number, to: number, seed: number) => putMetrics(store, training(from, to, seed));
  return {
    title: 'CemiFace in miniature: which similarity trains best?',
    description:
      'A generator is trained to make faces of a wanted cosine similarity m to an inquiry image. For each m, a set is generated and a recognizer trained on it alone.\n\nMade-up numbers, to look at the page.',
    note: 'The sets are rendered imitations that carry the names of what they imitate.',
    accuracy: [
      {
        label: 'Real set (CosFace)',
        metrics: await putMetrics(store, verification(0.915, 9)),
        reference: true,
        volume: await putFaces(store, 4, 6, 3, { origin: 'procedural' }),
      },
      {
        label: 'Real set (AdaFace, the teacher)',
        metrics: await putMetrics(store, verification(0.92, 10)),
        reference: false,
        volume: await putFaces(store, 4, 6, 3, { origin: 'procedural' }),
      },
      { label: 'CemiFace, m = {m}', metrics: verify, volume: sets, reference: false },
    ],
    curve: { axis: 'm', metrics: verify },
    roc: [{ label: 'CemiFace, m = {m}', metrics: scored }],
    identification: [{ label: 'CemiFace, m = {m}', metrics: searched }],
    templates: [{ label: 'CemiFace, m = {m}', metrics: paired }],
    comparison: {
      axis: 'm',
      metrics: scored,
      similarity: { label: 'a recognizer the generator never saw', metrics: unseen },
      baseline: 'best',
      reported: 'peak',
    },
    similarity: [
      {
        label: 'the teacher (AdaFace)',
        axis: 'm',
        metrics: await over((m) => putMetrics(store, similarity(0.33 + 0.12 * m, m))),
      },
      {
        label: 'a recognizer the generator never saw',
        axis: 'm',
        metrics: unseen,
      },
    ],
    tsne: [
      { label: 'By m', metrics: await putMetrics(store, toJson(tsneMap(['m = 1', 'm = 0', 'm = −1']), 'tsne')) },
      { label: 'Real set', metrics: await putMetrics(store, toJson(tsneMap(['real']), 'tsne')) },
    ],
    privacy: [
      {
        label: 'CemiFace, m = {m}, beside its inquiries',
        metrics: await over((m) => putMetrics(store, privacy(m, true))),
      },
      { label: 'CemiFace, m = 1, beside the real set', metrics: await putMetrics(store, privacy(1, false)) },
    ],
    sets: [
      { label: 'Real set', data: await putFaces(store, 4, 6, 3, { origin: 'import', licence: 'CC BY 4.0' }) },
      { label: 'CemiFace, m = {m}', data: sets },
    ],
    inspect: [
      { label: 'Real set', metrics: await putInspection(store, inspection()), pictures: 2 },
      { label: 'CemiFace, m = {m}', metrics: await over((m) => putInspection(store, inspection(m))), pictures: 1 },
    ],
    grid: {
      data: await putFaces(store, 4, ms.length, 5, { origin: 'generated', grid: { m: ms } }),
      inquiries: asked,
      rows: 4,
    },
    samples: [
      { label: 'Real set', data: await putFaces(store, 4, 6, 3, { origin: 'procedural' }), identities: 3, images: 5 },
      { label: 'CemiFace, m = {m}', data: sets, identities: 3, images: 5 },
    ],
    training: [
      { label: 'Teacher', log: await log(12, 1.1, 1) },
      { label: 'Generator', log: await log(0.9, 0.04, 2) },
      { label: 'Student, m = {m}', log: await over((m) => log(14, 3 + m, 3 + m)) },
    ],
    tables: {
      sweep: {
        ...{
          caption: 'Accuracy by m',
          scale: 'made up.',
          paper: 'cemiface',
          printed: 'table11_m_sweep',
          meanOver: ['seed'],
        },
        rows: [{ label: 'm = {m}', metrics: scored, printed: { at: null, where: { m: '{m}' }, value: 'avg' } }],
      },
    },
    measures: {
      likeness: {
        ...{ caption: 'Similarity to the inquiry', scale: '', note: 'Made up.', paper: 'cemiface' },
        ...{ printed: 'table7_similarity_statistics/rows', meanOver: ['seed'] },
        columns: [
          { label: 'Mean', value: 'mean', percent: true, decimals: 2, printed: 'avg_sim' },
          { label: '0.2 to 0.3', value: 'bins/identities/3', percent: false, decimals: 0, printed: 'identities/2' },
        ],
        rows: [{ label: 'Generated, m = {m}', of: unseen, printed: { at: null, where: { method: 'cemiface' } } }],
      },
    },
    methods: await madeUpMethods(store, students, sets, real),
    subjects: {
      inquiries: asked,
      sets: [{ label: 'CemiFace, m = {m}', data: sets }],
      own: [{ label: 'DigiFace', data: real }],
      identities: 3,
      images: 2,
    },
    paper: true,
    skipped: [],
  };
};

/** Four methods beside the rows of the paper that have their names; two of them are the other way round. */
const madeUpMethods = async (
  store: ArtifactStore,
  students: (level: number, seed: number) => Promise<Labelled[]>,
  sets: readonly Labelled[],
  real: ArtifactRef,
): Promise<MethodsParams> => {
  const method = async (label: string, level: number, seed: number, printed: string) => ({
    ...{ label, loss: 'CosFace', metrics: await students(level, seed), data: sets[0]?.artifact as ArtifactRef },
    similarity: await putMetrics(store, similarity(level / 3, seed)),
    frechet: await putMetrics(store, frechet(1 - level)),
    privacy: await putMetrics(store, privacy(seed === 70 ? 0.5 : 0, false)),
    cost: {
      training: [await putMetrics(store, training(seed, 1, seed)), real],
      generation: sets[0]?.artifact as ArtifactRef,
      students: await students(level, seed + 40),
    },
    ...{ reference: false, real: false, printed: { method: printed, volume: '0.5M', reproduced: false } },
  });
  return {
    judge: 'a recognizer the generator never saw',
    gallery: 'the training faces',
    meanOver: ['seed'],
    paper: 'cemiface',
    rows: [
      {
        ...{ label: 'Real set', loss: 'CosFace', metrics: await students(0.91, 50), data: real },
        frechet: await putMetrics(store, frechet(0.01, 24)),
        ...{ reference: true, real: false },
        printed: { method: 'casia-webface', volume: '0.49M', loss: 'cosface', reproduced: true },
      },
      await method('CemiFace', 0.72, 60, 'cemiface'),
      await method('DCFace', 0.69, 70, 'dcface'),
      await method('IDiff-Face', 0.7, 80, 'idiff-face'),
    ],
  };
};

/** A distance of 1,000 images from a reference of as many. */
export const frechet = (distance: number, images = 1000): JsonObject => ({
  ...{ kind: 'frechet', images, referenceImages: 1000, dimensions: 128, distance },
  ...{ ofMeans: distance / 4, ofCovariances: (3 * distance) / 4 },
  ...{ recognizer: `sha256:${'a'.repeat(64)}`, reference: `sha256:${'b'.repeat(64)}` },
});

/** Stores metrics; a verification without scores gets some: pairs that are about as often judged rightly. */
export const putMetrics = async (store: ArtifactStore, given: Json): Promise<ArtifactRef> => {
  const metrics = (given as JsonObject).kind === 'verification' ? await withScores(store, given as JsonObject) : given;
  const file = await store.putFile('metrics.json', Buffer.from(canonicalJson(metrics)), 'application/json');
  return store.putArtifact({ type: 'metrics', meta: { kind: (metrics as JsonObject).kind as string }, files: [file] });
};

const withScores = async (store: ArtifactStore, metrics: JsonObject): Promise<JsonObject> => {
  const sets = Object.entries(metrics.sets as { [set: string]: JsonObject }).map(async ([name, set], i) => {
    if (set.scores !== noScores) return [name, set];
    const scores = encodePairScores(drawnPairs(set.accuracy as number, i));
    const { digest } = await store.putFile(`${name}.safetensors`, scores, 'application/octet-stream');
    return [name, { ...set, scores: digest }];
  });
  return { ...metrics, sets: Object.fromEntries(await Promise.all(sets)) };
};

/** Pairs of which a recognizer judges some rightly; the distances are 0.5 and 3, so that thresholds are never in doubt. */
export const pairsJudged = (right: ArrayLike<number>): PairScores => {
  const same = Uint8Array.from({ length: right.length }, (_, i) => i % 2);
  return {
    same,
    fold: Int32Array.from(same, (_, i) => i % 10),
    distance: Float32Array.from(same, (is, i) => ((is === 1) === (right[i] === 1) ? 0.5 : 3)),
  };
};

/** 600 pairs that are as hard for every recognizer, one of which judges this share of them rightly. */
export const drawnPairs = (share: number, seed: number): PairScores => {
  const uniform = randomStream(seed, 'drawn pairs');
  const hardness = Array.from({ length: 600 }, () => uniform());
  return pairsJudged(hardness.map((each) => Number(each < share)));
};

/** Metrics of a verification on one set, with the scores that they were computed from. */
export const putScored = async (store: ArtifactStore, scores: PairScores, set = 'lfw'): Promise<ArtifactRef> => {
  const { digest } = await store.putFile(`${set}.safetensors`, encodePairScores(scores), 'application/octet-stream');
  return putMetrics(store, JSON.parse(JSON.stringify(verificationMetrics([[set, scores, digest]]))));
};

/** Of 40 identities and 400 images, more above the threshold where m is higher; of 100 strangers, one. */
export const privacy = (m: number, fromInquiries: boolean): JsonObject => ({
  ...{ kind: 'privacy', fpir: 0.01, realIdentities: 40, imagesPerIdentity: 10, trainedOnGallery: !fromInquiries },
  identities: searches(0.42, 10 + 10 * m, 40, m),
  images: searches(0.36, 100 + 80 * m, 400, m),
  histogram: { edges: [0, 1], counts: [40], strangers: [100] },
  perIdentity: { identities: [], nearest: [], similarity: [] },
  ...(fromInquiries ? { ownInquiry: { nearest: shareOf(20 + 10 * m, 40), chance: 0.025, above: 10 } } : {}),
});

/** A set of 20 identities, of whom two share a photo, beside a benchmark; with m, a recognizer has compared people too. */
export const inspection = (m?: number): InspectionMetrics => {
  const pair = { left: { identity: 1, name: 'ash' }, right: { identity: 2, name: 'ash2' } };
  const people = (picture: string) => ({
    ...{ identities: 2, pairs: 1, highest: 0.75 },
    listed: [{ ...pair, cosine: 0.75, picture }],
  });
  const data = `sha256:${'1'.repeat(64)}` as const;
  return {
    kind: 'inspection',
    ...{ data, identities: 20, images: 400 + 10 * (m ?? 0) },
    imagesPerIdentity: { min: 1, median: 20, max: 25 },
    empty: { count: 1, names: ['nobody'] },
    nearEmpty: { count: 1, minImages: 2, listed: [{ identity: 3, name: 'lone', images: 1 }] },
    ...(m !== undefined && { threshold: 0.5 }),
    within: {
      ...{ bytes: 3, pixels: 5, acrossIdentities: 2, identityPairs: 1 },
      samePhoto: [{ ...pair, images: 1, picture: 'pictures/0-photo-000.png' }],
      ...(m !== undefined && { samePerson: people('pictures/0-person-000.png') }),
    },
    others: [
      {
        ...{ label: 'benchmarks', type: 'benchmarks', data, set: 'lfw', identities: 10, images: 40 },
        ...{ bytes: 0, pixels: 1, identityPairs: 1 },
        samePhoto: [{ ...pair, images: 1, picture: 'pictures/1-photo-000.png' }],
        ...(m !== undefined && { samePerson: people('pictures/1-person-000.png') }),
      },
    ],
  };
};

/** Stores an inspection with the pictures that it names. */
export const putInspection = async (store: ArtifactStore, metrics: InspectionMetrics): Promise<ArtifactRef> => {
  const overlaps = [metrics.within, ...metrics.others];
  const pairs = overlaps.flatMap(({ samePhoto, samePerson }) => [...samePhoto, ...(samePerson?.listed ?? [])]);
  const files = await Promise.all(
    pairs.flatMap(({ picture }) =>
      picture === undefined
        ? []
        : [encodePng(drawFace(1, 1, 1), 32, 32).then((png) => store.putFile(picture, png, 'image/png'))],
    ),
  );
  return putPictured(store, metrics, {}, files);
};

/** Sets of 6 identities in groups that are wider from set to set; those of the first have inquiries, which the second shares. */
export const tsneMap = (labels: readonly string[]): TsneMetrics => {
  const place = (width: number, images: number, seed: number): MappedPoints => {
    const normal = normalStream(randomStream(16, 'tsne', seed));
    const identity = Array.from({ length: 6 * images }, (_, i) => Math.floor(i / images));
    const along = (turn: number): number[] =>
      identity.map((each) => Number((20 * Math.cos(each - turn) + width * normal()).toFixed(3)));
    return { identity, image: identity.map((_, i) => i % images), x: along(0), y: along(Math.PI / 2) };
  };
  const sets = labels.map((label, i) => ({
    ...{ label, data: digestOf(label), ...place(1 + 4 * i, 8, i) },
    ...(i < 2 && labels.length > 1 ? { inquiries: 0 } : {}),
  }));
  return {
    ...{
      kind: 'tsne',
      recognizer: digestOf('recognizer'),
      points: 48 * labels.length,
      dimensions: 128,
      perplexity: 12.5,
    },
    ...{ iterations: 1000, earlyExaggeration: 12, learningRate: 50, klDivergence: 0.412345 },
    sets,
    inquiries: labels.length > 1 ? [{ inquiries: digestOf('inquiries'), ...place(0, 1, 9) }] : [],
  };
};

const shareOf = (count: number, total: number): JsonObject => ({
  ...{ count, total, share: count / total },
  ...{ lowest: (count - 1) / total, highest: (count + 1) / total },
});

const searches = (threshold: number, count: number, total: number, m: number): JsonObject => {
  const value = count / total - 0.01;
  const conclusion = value > 0.04 ? 'nearer' : value < -0.04 ? 'farther' : 'undecided';
  return {
    ...{ threshold, calibration: { count: 1, total: 100 } },
    ...{ strangers: shareOf(1, 100), generated: shareOf(count, total) },
    difference: { value, lowest: value - 0.04, highest: value + 0.04, conclusion },
    mean: { generated: 0.25 + 0.1 * m, strangers: 0.2 },
  };
};

const noScores = `sha256:${'0'.repeat(64)}`;

/** What a verification states of one benchmark. */
export const setOf = (accuracy: number, std: number, foldAccuracies: number[] = []): JsonObject => ({
  ...{ accuracy, std, threshold: 0.3, foldAccuracies, foldThresholds: foldAccuracies },
  ...{ pairs: 3000, scores: noScores },
});

/** Accuracies about a level, harder from set to set. */
export const verification = (level: number, seed: number): JsonObject => {
  const normal = normalStream(randomStream(11, 'verification', seed));
  const easier: { [set: string]: number } = { lfw: 0.06, cfp_fp: -0.02, agedb_30: 0.01, calfw: 0.02, cplfw: -0.05 };
  const entries = Object.entries(easier).map(([set, shift]) => {
    const foldAccuracies = Array.from({ length: 10 }, () => Math.min(1, level + shift + 0.012 * normal()));
    const accuracy = foldAccuracies.reduce((sum, a) => sum + a, 0) / 10;
    const std = Math.sqrt(foldAccuracies.reduce((sum, a) => sum + (a - accuracy) ** 2, 0) / 10);
    return [set, setOf(accuracy, std, foldAccuracies), accuracy] as const;
  });
  const average = entries.reduce((sum, [, , accuracy]) => sum + accuracy, 0) / entries.length;
  return { kind: 'verification', sets: Object.fromEntries(entries.map(([set, facts]) => [set, facts])), average };
};

export const similarity = (mean: number, seed: number): JsonObject => {
  const normal = normalStream(randomStream(12, 'similarity', seed));
  const values = Array.from({ length: 1600 }, () => mean + 0.11 * normal());
  const edges = Array.from({ length: 101 }, (_, i) => Number((-1 + i * 0.02).toFixed(2)));
  const counts = edges.slice(1).map((high, i) => values.filter((v) => v >= (edges[i] as number) && v < high).length);
  return {
    ...{ kind: 'similarity', images: values.length },
    mean,
    std: 0.11,
    histogram: { edges, counts },
    perIdentity: { identities: [], mean: [], std: [] },
    bins: { edges: [0, 0.1, 0.2, 0.3, 0.4, 0.5], identities: [1, 2, 13, 48, 90, 38, 8] },
  };
};

const training = (from: number, to: number, seed: number): JsonObject => {
  const normal = normalStream(randomStream(13, 'training', seed));
  const steps = Array.from({ length: 400 }, (_, i) => i * 10);
  const values = steps.map((step) => to + (from - to) * Math.exp(-step / 700) * (1 + 0.08 * normal()));
  return { kind: 'training', series: { loss: { steps, values } } };
};

const putFaces = async (
  store: ArtifactStore,
  identities: number,
  images: number,
  seed: number,
  meta: JsonObject,
  type: 'dataset' | 'inquiries' = 'dataset',
): Promise<ArtifactRef> => {
  const writer = new DatasetWriter(store, { height: 32, width: 32 });
  for (let identity = 0; identity < identities; identity++) {
    for (let image = 0; image < images; image++)
      await writer.add({ identity, image, pixels: drawFace(identity, image, seed) });
  }
  return store.putArtifact({ type, meta: { ...meta, ...writer.counts() }, files: await writer.files() });
};

/** uint8 RGB [32, 32, 3]: an oval with two eyes and a mouth, enough to see which picture stands where. */
const drawFace = (identity: number, image: number, seed: number): Uint8Array => {
  const tone = randomStream(14, identity);
  const pose = randomStream(15, identity, image, seed);
  const skin = [150 + 90 * tone(), 110 + 70 * tone(), 90 + 50 * tone()];
  const ground = [40 + 150 * pose(), 40 + 150 * pose(), 40 + 150 * pose()];
  const [cx, cy, rx, ry] = [15.5 + 4 * (pose() - 0.5), 16 + 3 * (pose() - 0.5), 9 + 2 * tone(), 12 + 2 * tone()];
  const pixels = new Uint8Array(32 * 32 * 3);
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 32; x++) {
      const d = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2;
      const eye = Math.min(Math.hypot(x - cx + 4, y - cy + 2), Math.hypot(x - cx - 4, y - cy + 2)) < 1.6;
      const mouth = Math.abs(y - cy - 6) < 1 && Math.abs(x - cx) < 3.5;
      const colour =
        d > 1 ? ground : eye ? [30, 25, 30] : mouth ? [150, 60, 70] : skin.map((c) => c * (1.05 - 0.35 * d));
      pixels.set(
        colour.map((c) => Math.max(0, Math.min(255, c))),
        (y * 32 + x) * 3,
      );
    }
  }
  return pixels;
};

export const contextOf = (store: ArtifactStore): StageContext => ({
  seed: 7,
  store,
  signal: new AbortController().signal,
  checkpoints: noCheckpoints,
  progress: async () => {},
  log: () => {},
});

/** The text of a report's file. */
export const readReport = async (store: ArtifactStore, ref: ArtifactRef, path: string): Promise<string> => {
  const file = (await store.getArtifact(ref)).files.find((entry) => entry.path === path);
  if (!file) throw new Error(`the report has no ${path}`);
  return (await store.getBlob(file.digest)).toString('utf8');
};
