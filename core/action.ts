import type { ArtifactRef } from './artifact.ts';
import { type Digest, digestOfJson } from './digest.ts';
import type { JsonObject } from './errors.ts';

/**
 * One stage kind applied to exact parameters, input artifacts, seed and code.
 *
 * `params` is the stage's `with` block, defaults filled in, where each reference to another stage stands as the
 * `ArtifactRef` that it resolved to (so input digests are part of the key without a second list).
 */
export interface Action {
  readonly kind: string;
  readonly params: JsonObject;
  readonly seed: number;
  /** Digest of the stage kind's own import closure, bundled and minified, and of the packages it imports. */
  readonly code: Digest;
}

export type ActionKey = Digest;

/** sha256 of the canonical JSON of the whole action. */
export const actionKey = (action: Action): ActionKey =>
  digestOfJson({ kind: action.kind, params: action.params, seed: action.seed, code: action.code });

export type Outputs = { readonly [name: string]: ArtifactRef };

/** The machine that computed an action: recorded, never part of a key. */
export interface Machine {
  readonly host: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** TensorFlow's version, library digest, threads and device; absent where the stage used no tensors. */
  readonly tensorflow?: {
    readonly version: string;
    readonly library: Digest;
    readonly threads: number;
    readonly device: string;
  };
}

/** What an action produced, and how: the unit of provenance. Append-only. */
export interface ActionRecord {
  readonly key: ActionKey;
  readonly action: Action;
  readonly outputs: Outputs;
  readonly machine: Machine;
  /** ISO 8601 with +00:00. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly computeSeconds: number;
  readonly peakMemoryBytes: number;
  readonly attempt: number;
  /** Temporal's ids, so that the record leads back to the history while that is kept. */
  readonly workflowId: string;
  readonly runId: string;
  readonly build: string;
}
