import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { type Artifact, type ArtifactReader, defineCodec, readJsonFields } from '../codec.ts';
import type { Fields } from '../fields.ts';
import { toJsonObject } from '../finite.ts';
import { artifactInvalid } from '../invalid.ts';

/** Numbers that a stage measured: the file `metrics.json`, and other files beside it, such as pictures that it names. */
export interface MetricsMeta {
  /** What was measured, such as `verification`: it says which fields the file has. */
  readonly kind: string;
  /** Digest of the recognizer that was measured, where its thresholds are of use to later stages. */
  readonly recognizer?: Digest;
}

export const metricsFile = 'metrics.json';

export const metricsCodec = defineCodec<MetricsMeta>({
  type: 'metrics',
  versions: [
    (fields) => ({
      kind: fields.string('kind'),
      ...fields.optional('recognizer', (each) => ({ recognizer: each.digest('recognizer') })),
    }),
  ],
});

/** How the numbers of one kind are read: each a checked field. */
export interface MetricsKind<T> {
  readonly kind: string;
  readonly read: (fields: Fields) => T;
}

/** Stores metrics of any kind. @param facts for the manifest @param beside further files @throws CemiflowError `NotFinite` */
export const putMetrics = async <T extends { readonly kind: string }>(
  store: Pick<ArtifactStore, 'putFile' | 'putArtifact'>,
  metrics: T,
  facts: Omit<MetricsMeta, 'kind'> = {},
  beside: readonly FileEntry[] = [],
): Promise<ArtifactRef> => {
  const text = canonicalJson(toJsonObject(metrics, metrics.kind));
  const file = await store.putFile(metricsFile, Buffer.from(text), 'application/json');
  return metricsCodec.write(store, { kind: metrics.kind, ...facts }, [file, ...beside]);
};

/** Reads metrics of one kind. @throws CemiflowError `ArtifactInvalid` where they are of another, or damaged */
export const readMetricsOf = async <T>(store: ArtifactReader, ref: ArtifactRef, kind: MetricsKind<T>): Promise<T> =>
  metricsIn(store, await metricsCodec.read(store, ref), kind);

/** The same of an artifact whose manifest was read. */
export const metricsIn = async <T>(
  store: Pick<ArtifactReader, 'getBlob'>,
  artifact: Artifact<MetricsMeta>,
  { kind, read }: MetricsKind<T>,
): Promise<T> => {
  const fields = await fieldsOf(store, artifact);
  if (fields.string('kind') !== kind) throw fields.fault('kind', kind);
  return read(fields);
};

/** The file's fields, which must be of the kind that the manifest states. */
const fieldsOf = async (store: Pick<ArtifactReader, 'getBlob'>, artifact: Artifact<MetricsMeta>): Promise<Fields> => {
  const fields = await readJsonFields(store, artifact, metricsFile);
  const { kind } = artifact.meta;
  if (fields.string('kind') === kind) return fields;
  const found = fields.string('kind');
  throw artifactInvalid({ ...artifact.ref, path: metricsFile }, 'kind', { required: kind, found });
};
