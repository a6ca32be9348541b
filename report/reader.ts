import { readSamples, type Sample } from '../artifacts/dataset.ts';
import type { ArtifactManifest, ArtifactRef } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError, type Json } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { encodePng } from '../formats/png.ts';
import { type MeasuredRow, withGaps } from './accuracy.ts';
import { privacyOf, similarityOf, trainingOf, verificationOf } from './inputs.ts';
import { axisValue, fillLabel, matrixLabel } from './labels.ts';
import type {
  AccuracyRow,
  Curve,
  Grid,
  Picture,
  PrivacyRow,
  ReportModel,
  SampleSheet,
  SimilarityGroup,
  Source,
  TrainingLog,
} from './model.ts';
import { readPaper } from './paper/paper.ts';
import { listed, matching, type Placed, type ReportParams } from './params.ts';

/** Reads artifacts into the parts of a report, and notes each as a source when it is first used. */
export class ReportReader {
  readonly #store: ArtifactStore;
  readonly #sources = new Map<Digest, Source>();

  constructor(store: ArtifactStore) {
    this.#store = store;
  }

  /** In the order of first use. */
  get sources(): Source[] {
    return [...this.#sources.values()];
  }

  async accuracy(rows: ReportParams['accuracy']): Promise<AccuracyRow[]> {
    const measured: MeasuredRow[] = [];
    for (const [r, row] of rows.entries()) {
      const many = listed(row.metrics, `accuracy.${r}.metrics`);
      for (const { matrix, artifact, input } of many) {
        const label = fillLabel(row.label, matrix, { distinguish: many.length > 1 });
        const verification = verificationOf(await this.#metrics(artifact, `verification: ${label}`), artifact.digest);
        const data = row.volume && matching(row.volume, matrix, `accuracy.${r}.volume`);
        const set = data && (await this.#trainingSet(data, `training set: ${label}`));
        measured.push({
          ...verification,
          input,
          label,
          matrix,
          reference: row.reference,
          generated: set ? set.origin === 'generated' : !row.reference,
          ...(set ? { volume: set.volume } : {}),
        });
      }
    }
    return withGaps(measured);
  }

  async curve({ axis, metrics }: NonNullable<ReportParams['curve']>, rows: readonly AccuracyRow[]): Promise<Curve> {
    const points: Curve['points'][number][] = [];
    for (const { matrix, artifact, input } of listed(metrics, 'curve.metrics')) {
      const json = await this.#metrics(artifact, `curve over ${axis}`);
      points.push({ ...verificationOf(json, artifact.digest), input, x: axisValue(matrix, axis) });
    }
    const reference = rows.find((row) => row.reference);
    return { axis, points: points.sort((a, b) => a.x - b.x), ...(reference ? { reference } : {}) };
  }

  async similarities(groups: ReportParams['similarity']): Promise<SimilarityGroup[]> {
    const read: SimilarityGroup[] = [];
    for (const [g, { label, axis, metrics }] of groups.entries()) {
      const rows: SimilarityGroup['rows'][number][] = [];
      for (const { matrix, artifact, input } of listed(metrics, `similarity.${g}.metrics`)) {
        const json = await this.#metrics(artifact, `similarity by ${label}: ${matrixLabel(matrix)}`);
        const measured = similarityOf(json, artifact.digest);
        rows.push({ ...measured, input, label: matrixLabel(matrix), x: axisValue(matrix, axis) });
      }
      read.push({ label, axis, rows: rows.sort((a, b) => a.x - b.x) });
    }
    return read;
  }

  async privacy(wanted: ReportParams['privacy']): Promise<PrivacyRow[]> {
    const rows: PrivacyRow[] = [];
    for (const [r, { label, metrics }] of wanted.entries()) {
      const many = listed(metrics, `privacy.${r}.metrics`);
      for (const { matrix, artifact, input } of many) {
        const name = fillLabel(label, matrix, { distinguish: many.length > 1 });
        const json = await this.#metrics(artifact, `nearest real identities: ${name}`);
        rows.push({ ...privacyOf(json, artifact.digest), input, label: name });
      }
    }
    return rows;
  }

  /** Row r of the grid was made from the inquiry that stands r-th in the inquiries' shards. */
  async grid({ data, inquiries, rows }: NonNullable<ReportParams['grid']>): Promise<Grid> {
    const m = gridColumns(await this.#open(data, 'grid of generated images'), data);
    await this.#open(inquiries, 'inquiry images of the grid');
    const asked: Picture[] = [];
    for await (const sample of this.#first(inquiries, rows, 1)) asked.push(await picture(sample, inquiries.digest));
    const found = new Map<number, Picture[]>();
    for await (const sample of this.#first(data, rows, m.length)) {
      const row = found.get(sample.identity) ?? [];
      row[sample.image] = await picture(sample, data.digest);
      found.set(sample.identity, row);
    }
    const made = [...found.entries()].sort(([a], [b]) => a - b);
    return {
      artifact: data.digest,
      inquiries: inquiries.digest,
      m,
      rows: made.map(([row, pictures]) => {
        const inquiry = asked[row];
        if (inquiry === undefined || pictures.filter(Boolean).length !== m.length) {
          throw badGrid(data, `row ${row} must have an inquiry and one image for each of ${m.length} values of m`);
        }
        return { inquiry, pictures };
      }),
    };
  }

  async samples(wanted: ReportParams['samples']): Promise<SampleSheet[]> {
    const sheets: SampleSheet[] = [];
    for (const [s, { label, data, identities, images }] of wanted.entries()) {
      const many = listed(data, `samples.${s}.data`);
      for (const { matrix, artifact } of many) {
        const name = fillLabel(label, matrix, { distinguish: many.length > 1 });
        await this.#open(artifact, `samples: ${name}`);
        const rows = new Map<number, Picture[]>();
        for await (const sample of this.#first(artifact, identities, images)) {
          rows.set(sample.identity, [...(rows.get(sample.identity) ?? []), await picture(sample, artifact.digest)]);
        }
        sheets.push({ label: name, artifact: artifact.digest, rows: [...rows.values()] });
      }
    }
    return sheets;
  }

  async training(wanted: ReportParams['training']): Promise<TrainingLog[]> {
    const logs: TrainingLog[] = [];
    for (const [t, { label, log }] of wanted.entries()) {
      const many = listed(log, `training.${t}.log`);
      for (const { matrix, artifact, input } of many) {
        const name = fillLabel(label, matrix, { distinguish: many.length > 1 });
        const json = await this.#metrics(artifact, `training log: ${name}`);
        logs.push({ ...trainingOf(json, artifact.digest), input, label: name });
      }
    }
    return logs;
  }

  async paper(): Promise<ReportModel['paper']> {
    const paper = await readPaper();
    this.#note(paper.artifact, 'quotation', 'the paper’s results, as cemiflow quotes them (a file, not an artifact)');
    return paper;
  }

  async #metrics(ref: ArtifactRef, what: string): Promise<Json> {
    const manifest = await this.#open(ref, what);
    const file = manifest.files.find(({ path }) => path === 'metrics.json');
    if (!file) throw inputInvalid(ref, `${ref.type} ${ref.digest} has no metrics.json`);
    return JSON.parse((await this.#store.getBlob(file.digest)).toString('utf8')) as Json;
  }

  async #trainingSet({ artifact: ref, input }: Placed, what: string): Promise<TrainingSet> {
    const { identities, images, origin } = (await this.#open(ref, what)).meta;
    if (typeof identities === 'number' && typeof images === 'number') {
      return { volume: { artifact: ref.digest, input, identities, images }, origin };
    }
    throw inputInvalid(ref, `dataset ${ref.digest} does not state its size`);
  }

  async #open(ref: ArtifactRef, what: string): Promise<ArtifactManifest> {
    const manifest = await this.#store.getArtifact(ref);
    this.#note(ref.digest, ref.type, what);
    return manifest;
  }

  /** The first images of the first identities, in shard order; reads no further than it must. */
  async *#first(ref: ArtifactRef, identities: number, images: number): AsyncGenerator<Sized> {
    const taken = new Map<number, number>();
    for await (const sample of readSamples(this.#store, ref)) {
      const n = taken.get(sample.identity) ?? 0;
      if (!taken.has(sample.identity) && taken.size === identities) return;
      taken.set(sample.identity, n + 1);
      if (n < images) yield sample;
    }
  }

  #note(digest: Digest, type: string, what: string): void {
    const known = this.#sources.get(digest);
    if (known === undefined) this.#sources.set(digest, { digest, type, what: [what] });
    else if (!known.what.includes(what)) this.#sources.set(digest, { ...known, what: [...known.what, what] });
  }
}

interface TrainingSet {
  readonly volume: NonNullable<AccuracyRow['volume']>;
  readonly origin: Json | undefined;
}

type Sized = Sample & { readonly height: number; readonly width: number };

const picture = async ({ identity, image, pixels, height, width }: Sized, artifact: Digest): Promise<Picture> => ({
  artifact,
  identity,
  image,
  width,
  height,
  pngBase64: (await encodePng(pixels, height, width)).toString('base64'),
});

const gridColumns = ({ meta }: ArtifactManifest, ref: ArtifactRef): number[] => {
  const grid = meta.grid as { m?: Json } | undefined;
  const m = grid?.m;
  if (Array.isArray(m) && m.length > 0 && m.every((value) => typeof value === 'number')) return m as number[];
  throw badGrid(ref, 'meta.grid.m must list the values of m');
};

const badGrid = (ref: ArtifactRef, message: string): CemiflowError =>
  inputInvalid(ref, `grid ${ref.digest}: ${message}`);

const inputInvalid = (ref: ArtifactRef, message: string): CemiflowError =>
  new CemiflowError('ReportInputInvalid', message, {
    remedy: 'reference an output of the type that this part of the report expects',
    data: { artifact: ref.digest },
  });
