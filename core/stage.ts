import type { Outputs } from './action.ts';
import type { ArtifactManifest, ArtifactRef, FileEntry } from './artifact.ts';
import type { StageCheckpoints } from './checkpoint.ts';
import type { Digest } from './digest.ts';
import { CemiflowError, type Json, type JsonObject } from './errors.ts';

/** The part of the store that stage kinds see. Every read is rehashed; every write is whole or absent. */
export interface ArtifactStore {
  /** @param bytes at most 64 MiB @returns the blob's entry under `path`, ready for a manifest */
  putFile(path: string, bytes: Uint8Array, mediaType: string): Promise<FileEntry>;
  /** @throws CemiflowError `BlobCorrupt`, `BlobMissing` */
  getBlob(digest: Digest): Promise<Buffer>;
  putArtifact(manifest: ArtifactManifest): Promise<ArtifactRef>;
  getArtifact(ref: ArtifactRef): Promise<ArtifactManifest>;
}

/** Where a running stage stands; the last one is the activity's heartbeat. */
export interface Progress {
  /** What is being done, for people: `train`, `embed lfw`. */
  readonly phase: string;
  readonly step: number;
  readonly steps: number;
  /** Latest values worth watching, such as `loss`. */
  readonly metrics?: { readonly [name: string]: number };
  /** How long the stage has stood still for its input so far. */
  readonly waitedSeconds?: number;
}

/** Everything that a stage kind may touch besides its parameters. */
export interface StageContext {
  readonly seed: number;
  readonly store: ArtifactStore;
  /** Absolute paths of the folders that its parameters named: places are in no key. See `placeOf`. */
  readonly places?: { readonly [param: string]: string };
  /** Aborts when the run is cancelled or the worker drains. */
  readonly signal: AbortSignal;
  readonly checkpoints: StageCheckpoints;
  /**
   * Reports progress and yields to the event loop, so that heartbeats leave and cancellation arrives.
   * Call it at every step: it is cheap. Rejects once `signal` is aborted.
   */
  progress(progress: Progress): Promise<void>;
  /** One line for the worker's log: what people may want to know and no artifact may hold, such as measured times. */
  log(message: string): void;
  /** Keeps what a program of a user's own printed with the record: it is no output, since no two runs print the same. Absent in replays. */
  keepLog?(bytes: Uint8Array): Promise<void>;
}

/** Where a folder lies that a parameter named. @throws CemiflowError `PlaceUnknown` */
export const placeOf = ({ places }: StageContext, param: string): string => {
  const path = places?.[param];
  if (path !== undefined) return path;
  throw new CemiflowError('PlaceUnknown', `it is not known where the folder "${param}" lies on this machine`, {
    remedy: 'run the experiment again from its spec: that names the folder',
    data: { param },
  });
};

/** A stage kind that is one activity. `params` has passed the kind's schema; refs are where the spec had references. */
export interface StageKind<P = JsonObject> {
  run(params: P, context: StageContext): Promise<Outputs>;
}

/**
 * A stage kind that is split into shards, each an action with its own key and record. A shard's params must
 * name only what the shard needs, so that a grown set reuses the shards that it had.
 */
export interface ShardedStageKind<P = JsonObject, Shard extends Json = JsonObject> {
  /** Cuts at fixed boundaries: the same identities always fall into the same shard. */
  split(params: P, context: StageContext): Promise<Shard[]>;
  runShard(shard: Shard, context: StageContext): Promise<Outputs>;
  /** @param shards the outputs of all shards, in the order of `split` */
  join(params: P, shards: readonly Outputs[], context: StageContext): Promise<Outputs>;
}

// Shards are produced and consumed by the same kind: from outside they are opaque.
// biome-ignore lint/suspicious/noExplicitAny: a shard type that both produces and consumes has no common bound
export type AnyStageKind = StageKind<never> | ShardedStageKind<never, any>;

export const isSharded = (kind: AnyStageKind): kind is ShardedStageKind<never, JsonObject> => 'split' in kind;

const ownPrefix = 'own/';
/** The kind that a folder of a user's holds: `./kinds/blur` is the kind `own/blur`. */
export const ownKind = (folderName: string): string => ownPrefix + folderName;
/** Whether a kind is a user's own: its code is in no checkout, but in the store. */
export const isOwnKind = (kind: string): boolean => kind.startsWith(ownPrefix);

/** The kind that a shard's action has in its key. Stored for ever, and so still called `part`. */
export const shardKind = (kind: string): string => `${kind}#part`;
/** The kind that a shard is of; any other kind as it is. */
export const wholeKind = (kind: string): string => kind.replace(/#part$/, '');
