import type { ArtifactType } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';

/** What was looked at when a fault was found. */
export interface Place {
  readonly type: ArtifactType;
  /** Absent where the artifact has not been written yet. */
  readonly digest?: Digest;
  /** `meta`, `metrics.json`, `meta.network`. */
  readonly path: string;
}

/** What a field or file must be, and what it is. */
export interface Mismatch {
  readonly required: string;
  readonly found: string;
  readonly cause?: unknown;
}

/** `ArtifactInvalid`: an artifact that is not what its type says, with its digest and the field at fault. */
export const artifactInvalid = (
  { type, digest, path }: Place,
  field: string,
  { required, found, cause }: Mismatch,
): CemiflowError => {
  const where = field === '' ? path : `${path}.${field}`;
  const name = digest === undefined ? `${type} to be written` : `${type} ${digest}`;
  return new CemiflowError('ArtifactInvalid', `${name}: ${where} must be ${required}, got ${found}`, {
    remedy:
      digest === undefined
        ? 'mend the stage that makes the artifact'
        : 'run the stage that made it again, or read it with the version of cemiflow that made it',
    data: { type, digest: digest ?? null, field: where, required, found },
    cause,
  });
};

/** `DatasetInvalid`: images that are not what their manifest says. */
export const datasetInvalid = (message: string, data: JsonObject): CemiflowError =>
  new CemiflowError('DatasetInvalid', message, { remedy: 'make or import the dataset again', data });
