import { readFileOf, readJsonFields } from '../artifacts/codec.ts';
import { type MetricsKind, metricsCodec, metricsFile, metricsIn } from '../artifacts/codecs/metrics.ts';
import { decodePairScores } from '../artifacts/scores.ts';
import { readSamples } from '../artifacts/shards.ts';
import type { ArtifactManifest, ArtifactRef } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { decodeImage, encodePng } from '../formats/image.ts';
import type { ScoredSets } from '../metrics/bootstrap/index.ts';
import { checkLabel } from './labels.ts';
import { type Picture, pictureOf, type SizedSample } from './pictures.ts';
import type { Source } from './sources.ts';

/** Reads artifacts for the blocks of a report, and notes each as a source when it is first used. */
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

  /**
   * The manifest of an artifact.
   *
   * @param what it is in the report, for people
   * @param matrix values that the report shows it under; they must not contradict what the manifest states
   * @throws CemiflowError `LabelUntrue`
   */
  async open(ref: ArtifactRef, what: string, matrix: JsonObject = {}): Promise<ArtifactManifest> {
    const manifest = await this.#store.getArtifact(ref);
    checkLabel(matrix, manifest.meta, ref.digest);
    this.note({ digest: ref.digest, type: ref.type, what });
    return manifest;
  }

  /** The numbers of one kind; other parameters as for `open`. @throws CemiflowError `ReportInputInvalid`, `ArtifactInvalid` */
  async metrics<T>(ref: ArtifactRef, kind: MetricsKind<T>, what: string, matrix: JsonObject = {}): Promise<T> {
    const manifest = await this.open(ref, what, matrix);
    const meta = metricsCodec.parse(manifest, ref.digest);
    if (meta.kind === kind.kind) return metricsIn(this.#store, { ref, meta, files: manifest.files }, kind);
    throw inputInvalid(ref, `${what} needs metrics of the kind ${kind.kind}, and ${ref.digest} has ${meta.kind}`);
  }

  /**
   * All numbers of an artifact, unchecked, and the place they are at: those of metrics, whatever their kind, or what the manifest of
   * another artifact states. Other parameters as for `open`.
   */
  async numbers(
    ref: ArtifactRef,
    what: string,
    matrix: JsonObject = {},
  ): Promise<{ readonly file: string; readonly data: JsonObject }> {
    const manifest = await this.open(ref, what, matrix);
    if (ref.type !== 'metrics') return { file: 'manifest#/meta', data: manifest.meta };
    const fields = await readJsonFields(this.#store, { ref, files: manifest.files }, metricsFile);
    return { file: `${metricsFile}#`, data: fields.whole };
  }

  /** The pair scores that a verification's accuracies were computed from: its metrics name their files by digest. */
  async pairScores({
    sets,
  }: {
    readonly sets: { readonly [set: string]: { readonly scores: string } };
  }): Promise<ScoredSets> {
    const read = Object.entries(sets).map(async ([set, { scores }]) => {
      return [set, decodePairScores(await this.#store.getBlob(scores as Digest))] as const;
    });
    return Object.fromEntries(await Promise.all(read));
  }

  /** The first images of the first identities, in shard order; reads no further than it must. */
  async *firstPictures(ref: ArtifactRef, identities: number, images: number): AsyncGenerator<Picture> {
    const taken = new Map<number, number>();
    for await (const sample of readSamples(this.#store, ref) as AsyncIterable<SizedSample>) {
      const n = taken.get(sample.identity) ?? 0;
      if (!taken.has(sample.identity) && taken.size === identities) return;
      taken.set(sample.identity, n + 1);
      if (n < images) yield await pictureOf(sample, ref.digest);
    }
  }

  /** A picture that an artifact holds as a file beside its numbers. @throws CemiflowError `ImageInvalid`, `ArtifactInvalid` */
  async storedPicture(ref: ArtifactRef, path: string): Promise<Omit<Picture, 'identity' | 'image'>> {
    const { files } = await this.#store.getArtifact(ref);
    const { pixels, height, width } = await readFileOf(this.#store, { ref, files }, path, decodeImage);
    const pngBase64 = (await encodePng(pixels, height, width)).toString('base64');
    return { artifact: ref.digest, height, width, pngBase64 };
  }

  /** Lists something as a source that is no artifact, such as a quoted file. */
  note({ digest, type, what }: { digest: Digest; type: string; what: string }): void {
    const known = this.#sources.get(digest);
    if (known === undefined) this.#sources.set(digest, { digest, type, what: [what] });
    else if (!known.what.includes(what)) this.#sources.set(digest, { ...known, what: [...known.what, what] });
  }
}

/** An artifact that a block cannot use. */
export const inputInvalid = (ref: ArtifactRef, message: string): CemiflowError =>
  new CemiflowError('ReportInputInvalid', message, {
    remedy: 'reference an output of the type that this block of the report expects',
    data: { artifact: ref.digest },
  });
