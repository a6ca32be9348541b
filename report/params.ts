import type { ArtifactRef } from '../core/artifact.ts';
import type { JsonObject } from '../core/errors.ts';

/** One entry of a labelled list, such as `${{ stages.verify[*] }}`. */
export interface Labelled {
  readonly matrix: JsonObject;
  readonly artifact: ArtifactRef;
}
export type OneOrMany = ArtifactRef | readonly Labelled[];

/** A stage that the run did without, and why. */
export interface Skipped {
  readonly stage: string;
  readonly because: string;
}

/** The `with` block of `report/build`, references resolved. */
export interface ReportParams {
  readonly title: string;
  readonly description: string;
  readonly note: string;
  readonly accuracy: readonly { label: string; metrics: OneOrMany; volume?: OneOrMany; reference: boolean }[];
  readonly curve: null | { axis: string; metrics: readonly Labelled[] };
  readonly similarity: readonly { label: string; axis: string; metrics: readonly Labelled[] }[];
  readonly privacy: readonly { label: string; metrics: OneOrMany }[];
  readonly grid: null | { data: ArtifactRef; inquiries: ArtifactRef; rows: number };
  readonly samples: readonly { label: string; data: OneOrMany; identities: number; images: number }[];
  readonly training: readonly { label: string; log: OneOrMany }[];
  readonly paper: boolean;
  readonly skipped: readonly Skipped[];
}

/** One artifact as a list of one, so that both are read alike. */
export const listed = (value: OneOrMany): readonly Labelled[] =>
  isList(value) ? value : [{ matrix: {}, artifact: value }];

/** The entry whose matrix values agree with the row's, or the one artifact that stands for all rows. */
export const matching = (value: OneOrMany, matrix: JsonObject): ArtifactRef | undefined =>
  isList(value) ? value.find((entry) => agrees(entry.matrix, matrix))?.artifact : value;

const agrees = (a: JsonObject, b: JsonObject): boolean =>
  Object.entries(a).every(([axis, value]) => !Object.hasOwn(b, axis) || b[axis] === value);

const isList = (value: OneOrMany): value is readonly Labelled[] => Array.isArray(value);
