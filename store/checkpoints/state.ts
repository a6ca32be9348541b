import type { ActionKey } from '../../core/action.ts';
import type { Attempt, Checkpoint, CheckpointArray } from '../../core/checkpoint.ts';
import { type Digest, digestOfJson } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';

/** Arrays as one stream of bytes, in the order of `arrays`, in parts of at most 64 MiB. */
export interface StoredArrays {
  readonly arrays: readonly {
    readonly name: string;
    readonly dtype: CheckpointArray['dtype'];
    readonly shape: readonly number[];
  }[];
  readonly parts: readonly Digest[];
}

export interface StoredCheckpoint {
  readonly step: number;
  /** ISO 8601 with +00:00. */
  readonly at: string;
  readonly content: StoredArrays;
  readonly notes: Checkpoint['notes'];
  /** Of the canonical JSON of all the above. */
  readonly digest: Digest;
}

/** An attempt that may still be under way: then it has no end. */
export interface OpenAttempt extends Omit<Attempt, 'end' | 'endedAt'> {
  /** Tells attempts apart that have the same number. */
  readonly id: string;
  readonly end?: string;
  readonly endedAt?: string;
  /** When its last checkpoint was in the store. */
  readonly checkpointedAt?: string;
}

/** `checkpoints/<key>/state`: all that one attempt leaves to the next. */
export interface ActionState {
  readonly key: ActionKey;
  /** Id of the attempt that may write: the one that began last. */
  readonly owner: string;
  /** Oldest first. */
  readonly attempts: readonly OpenAttempt[];
  /** Whether no checkpoint goes, not even when the action has ended. */
  readonly keepAll?: boolean;
  /** Newest first; two at most, unless all are kept. */
  readonly checkpoints: readonly StoredCheckpoint[];
  /** Arrays that every attempt needs, by name. */
  readonly kept: { readonly [name: string]: StoredArrays };
}

export const checkpointDigest = ({ step, at, content, notes }: Omit<StoredCheckpoint, 'digest'>): Digest =>
  digestOfJson({ step, at, content, notes } as unknown as JsonObject);
