import type { ArtifactRef } from './artifact.ts';
import { canonicalJson } from './canonical.ts';
import type { Attempt } from './checkpoint.ts';
import { type Digest, digestOfJson } from './digest.ts';
import type { JsonObject } from './errors.ts';

/**
 * One stage kind applied to exact parameters, input artifacts, seed and code.
 *
 * `params` is the stage's `with` block, defaults filled in, where each reference to another stage is the
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

/** Whether the two have the same names, and the same artifact under each. */
export const sameOutputs = (a: Outputs, b: Outputs): boolean =>
  canonicalJson(a as unknown as JsonObject) === canonicalJson(b as unknown as JsonObject);

/** The machine that computed an action: recorded, never part of a key. */
export interface Machine {
  readonly host: string;
  readonly platform: string;
  readonly cpu: string;
  /** Instruction sets of the CPU by which kernels are selected: `avx2`, `avx512f`, … */
  readonly instructions?: readonly string[];
  readonly cores: number;
  readonly node: string;
  /** Absent where the stage used no tensors. */
  readonly tensorflow?: {
    readonly version: string;
    /** Of `libtensorflow_cc`. */
    readonly library: Digest;
    /** Where the tensors were, as TensorFlow itself says. */
    readonly device: 'cpu' | 'gpu';
    readonly flags: TensorflowFlags;
    /** Whether norms, activations and convolutions were computed by our own C++ kernels. Absent in older records: composed. */
    readonly kernels?: 'native' | 'composed';
    /** The GPU, where it was used; `unknown` where the driver does not report it. */
    readonly gpu?: { readonly name: string; readonly driver: string; readonly computeCapability: string };
  };
}

/** TensorFlow settings that can change its numbers. `unknown` where a setting cannot be read. */
export interface TensorflowFlags {
  readonly deterministicOps: boolean;
  /** Whether a GPU of compute capability 8.0 and later may compute float32 products in TF32. */
  readonly tf32: boolean;
  /** `off`, or the flags that turn XLA on for whole graphs. */
  readonly xla: string;
  readonly oneDnn: boolean | 'unknown';
  readonly intraOpThreads: number | 'unknown';
  readonly interOpThreads: number | 'unknown';
}

/** The code that did an action, as it was on the worker's disk. */
export interface Source {
  /**
   * Type `code`: every file of the stage kind's import closure under its path in the repository, and `package-lock.json`. The
   * action's `code` digest can be computed again from them.
   */
  readonly code: ArtifactRef;
  /** The blob of `package-lock.json`. */
  readonly lock?: Digest;
  /** Full hash of the commit that was checked out; absent where the code lay in no git repository. */
  readonly commit?: string;
  /** The blob of `git diff` against that commit, with new files of the code; absent where nothing was uncommitted. */
  readonly uncommitted?: Digest;
}

/** Time and memory that the successful attempt took. */
export interface Spent {
  /** From start to end. */
  readonly wallSeconds: number;
  /** Of all cores together, user and system. */
  readonly cpuSeconds: number;
  /** During which the action held a GPU; absent where it had none. */
  readonly gpuSeconds?: number;
  readonly peakMemoryBytes: number;
}

/** How a result of older code came to count under newer code. */
export interface Adopted {
  /** The key that the work was done under. */
  readonly key: ActionKey;
  /** The action as it was done, without paths of folders, which older keys contained. */
  readonly action: Action;
  /** Artifacts of type `adoption`, oldest first: each leads from one code to the next. */
  readonly statements: readonly ArtifactRef[];
}

/** What an action produced, and how: the unit of provenance. Append-only. */
export interface ActionRecord {
  readonly key: ActionKey;
  readonly action: Action;
  readonly outputs: Outputs;
  /** Folders that it read, by parameter, as the spec names them. The action has the digest of their content. */
  readonly written?: { readonly [param: string]: string };
  /** Of a sharded stage: the actions of its shards, in order. Stored for ever, and so still called `parts`. */
  readonly parts?: readonly ActionKey[];
  /** The code that did the work; for adopted results, the old code. */
  readonly source: Source;
  /** Present where older code made the result, and it was adopted for the code in the key. */
  readonly adopted?: Adopted;
  /** The blob of what a program of a user's own printed. */
  readonly log?: Digest;
  readonly machine: Machine;
  /** ISO 8601 with +00:00. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly spent: Spent;
  /** Oldest first; the last one made the outputs. */
  readonly attempts: readonly Attempt[];
  /** Temporal's ids, so that the record leads back to the history while that is kept. */
  readonly workflowId: string;
  readonly runId: string;
  readonly build: string;
}
