import type { ArtifactRef } from '../../core/artifact.ts';
import type { TsneOptions } from '../../metrics/tsne/index.ts';
import { type Embedded, type TsneMetrics, tsneMetrics } from '../../metrics/tsne/metrics.ts';

/** `schemas/stages/evaluate-tsne.schema.json`, without the precision. */
export interface TsneParams extends TsneOptions {
  readonly sets: readonly SetParams[];
  readonly recognizer: ArtifactRef;
  readonly identities: number;
  readonly images: number;
}

export interface SetParams {
  readonly label: string;
  readonly data: ArtifactRef;
  readonly inquiries?: ArtifactRef;
}

/** Embeddings of the sets, in the order of the parameters, and of their inquiries, in that of `inquiriesOf`. */
export interface ToMap {
  readonly sets: readonly Embedded[];
  readonly inquiries: readonly Embedded[];
}

/** The inquiries of the sets. Those that several sets share are in the map once. */
export const inquiriesOf = ({ sets }: Pick<TsneParams, 'sets'>): ArtifactRef[] => [
  ...new Map(sets.flatMap(({ inquiries }) => (inquiries ? [[inquiries.digest, inquiries]] : []))).values(),
];

/** Maps what was embedded. @throws CemiflowError `TsneInvalid` */
export const mapOf = (
  params: TsneParams,
  embedded: ToMap,
  onIteration?: (iteration: number) => Promise<void>,
): Promise<TsneMetrics> => {
  const shared = inquiriesOf(params).map(({ digest }) => digest);
  const sets = params.sets.map(({ label, data, inquiries }, i) => ({
    ...{ label, data: data.digest, embedded: embedded.sets[i] as Embedded },
    ...(inquiries && { inquiries: shared.indexOf(inquiries.digest) }),
  }));
  const inquiries = shared.map((digest, i) => ({ inquiries: digest, embedded: embedded.inquiries[i] as Embedded }));
  return tsneMetrics({ sets, inquiries }, params, params.recognizer.digest, onIteration);
};
