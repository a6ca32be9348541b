import type { ActionKey } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Change } from '../../core/changes.ts';
import type { Digest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { CodeChange } from '../../spec/code-changes.ts';

/** Something that differs by itself, and not because of what came before it. */
export interface Cause {
  /** From 1, in the order of the nodes in which they arise. */
  readonly number: number;
  readonly what:
    | Exclude<Change['what'], 'input' | 'inputs'>
    | 'added'
    | 'removed'
    | 'skipped'
    | 'not made'
    | 'not reproducible';
  /** One line for people. */
  readonly text: string;
  /** Nodes in which it arises. */
  readonly nodes: readonly string[];
  /** Other nodes that differ because of it. */
  readonly followers: readonly string[];
  /** Ids of the numbers that differ because of it. */
  readonly numbers: readonly string[];
  readonly evidence: JsonObject;
}

/** A node that is not the same in both runs. */
export interface NodeDifference {
  readonly id: string;
  /** `same outputs`: declared or coded in another way, or given other inputs, to the same bytes. */
  readonly state: 'differs' | 'same outputs' | 'added' | 'removed';
  /** Its keys, where it was made. */
  readonly keys: { readonly before?: ActionKey; readonly now?: ActionKey };
  /** What differs in the node itself. */
  readonly changes: readonly Change[];
  /** Outputs of other nodes that it takes, and that differ. */
  readonly inputs: readonly InputDifference[];
  /** Numbers of the first causes of its other outputs. */
  readonly causes: readonly number[];
}

export interface InputDifference {
  readonly node: string;
  readonly output: string;
  /** Absent where it was not made. */
  readonly before?: Digest;
  readonly now?: Digest;
}

/** A number that one report prints otherwise than the other. */
export interface NumberDifference {
  readonly id: string;
  readonly what: string;
  /** As it is printed; absent where the report has no such number. */
  readonly before?: string;
  readonly now?: string;
  /** Numbers of its first causes. */
  readonly causes: readonly number[];
}

export interface RunDiff {
  readonly before: { readonly run: string; readonly root?: ArtifactRef };
  readonly now: { readonly run: string; readonly root?: ArtifactRef };
  readonly equal: boolean;
  readonly causes: readonly Cause[];
  /** Those that are not the same, in the order of the plans. */
  readonly nodes: readonly NodeDifference[];
  readonly nodesCompared: number;
  /** Of each stage kind whose source files differ; `effective` where that changes what it computes. */
  readonly code: readonly CodeChange[];
  readonly numbers: readonly NumberDifference[];
  readonly numbersCompared: number;
  /** What could not be compared, and why. */
  readonly notes: readonly string[];
}
