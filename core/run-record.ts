import type { ActionKey } from './action.ts';
import { type Digest, hexOf } from './digest.ts';
import type { JsonObject } from './errors.ts';
import type { Plan } from './plan.ts';

/**
 * What a run was: the file `run.json` of its artifact of type `run`. Beside it lie the records of all its actions, parts among
 * them, as `records/<key>.json`. Each record names artifacts by digest, and those their blobs, so that the digest of this
 * artifact is the root of a Merkle DAG over everything that the run's numbers depend on.
 */
export interface RunRecord {
  readonly id: string;
  readonly experiment: string;
  readonly plan: Plan;
  readonly spec: RunSpec;
  /** ISO 8601 with +00:00. */
  readonly startedAt: string;
  /** What became of each node of the plan; nodes that were not made are left out. */
  readonly nodes: { readonly [id: string]: RunNode };
  /** Absent in records of earlier versions, and where nothing had to be made. */
  readonly estimates?: RunEstimates;
}

/** What was expected of the nodes that were not made when a run started, by id. */
export interface RunEstimates {
  readonly [node: string]: {
    /** Of compute, on all machines together. */
    readonly seconds: number;
    /** What the seconds were estimated by, for people. */
    readonly by: string;
  };
}

/** The node's action, or why the run did without it. */
export type RunNode = { readonly key: ActionKey } | { readonly skipped: string };

/** What was declared. */
export interface RunSpec {
  /** Name of the experiment's file. */
  readonly path: string;
  /** Of the command line: `{set: ["params.m=[0,1]"]}`. */
  readonly overrides?: JsonObject;
  /**
   * The experiment's file and those that it extends: paths within its folder, or names of files outside. The texts are as they
   * were read, but of absolute paths of folders they keep the last name.
   */
  readonly files?: readonly { readonly path: string; readonly text: string }[];
  /** Name of the saved plan that was executed; absent where the run was planned from the spec itself. */
  readonly savedPlan?: string;
}

/** Where the spec and the folders of a run are on this machine. Kept in the run's document, left out of every export. */
export interface RunPlaces {
  /** Absolute path of the experiment's file. */
  readonly spec: string;
  /** The `--set` of the command line as they were given, where the record keeps them without their absolute paths. */
  readonly set?: readonly string[];
  /** Absolute path of the saved plan, where one was executed. */
  readonly savedPlan?: string;
  /** Absolute paths of the folders of the user's own stage kinds. */
  readonly kinds?: { readonly [kind: string]: string };
  /** Absolute paths of the folders that its nodes read, by the digest of their content. */
  readonly folders: { readonly [content: Digest]: string };
}

export const runFile = 'run.json';
export const recordFile = (key: ActionKey): string => `records/${hexOf(key)}.json`;
