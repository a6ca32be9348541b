import { Context } from '@temporalio/activity';
import {
  type Action,
  type ActionKey,
  type ActionRecord,
  actionKey,
  type Machine,
  type Outputs,
  type Spent,
} from '../core/action.ts';
import type { CheckpointInterval } from '../core/checkpoint.ts';
import { type Digest, shortDigest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { type NodePlaces, pathsOf, writtenPaths } from '../core/plan.ts';
import {
  type AnyStageKind,
  isSharded,
  type ShardedStageKind,
  type StageContext,
  type StageKind,
  wholeKind,
} from '../core/stage.ts';
import { isoTime } from '../core/time.ts';
import { within } from '../core/within.ts';
import type { CheckpointWriter, Store } from '../store/index.ts';
import { ActionAttempt, noCheckpoints } from './attempt.ts';
import { asActivityFailure, endOf } from './failures.ts';
import type { KeepSource } from './source-keeper.ts';
import { type Heartbeat, startWatch, type Watch } from './watch.ts';

/** One action to be done for one node of an experiment. */
export interface StageTask {
  readonly nodeId: string;
  readonly experiment: string;
  readonly action: Action;
  /** Where its folders lie. */
  readonly places?: NodePlaces;
  /** When checkpoints are due; every two minutes unless told. */
  readonly checkpoint?: CheckpointInterval;
}

export interface StageResult {
  readonly key: ActionKey;
  readonly outputs: Outputs;
  /** Whether a record was there already. */
  readonly hit: boolean;
  /** Tries that it took, and the seconds that failed ones cost; absent where it was a hit. */
  readonly attempts?: number;
  readonly lostSeconds?: number;
}

/** The activities that do stage work, as workflows see them. */
export interface StageActivities {
  runStage(task: StageTask): Promise<StageResult>;
  /** @returns the params of each part, in order */
  splitStage(task: StageTask): Promise<JsonObject[]>;
  /** `task.action` is the part's own. */
  runPart(task: StageTask & { readonly part: number }): Promise<StageResult>;
  /** @param task.parts outputs of all parts, in the order of `splitStage` @param task.partKeys their actions */
  joinStage(
    task: StageTask & { readonly parts: readonly Outputs[]; readonly partKeys: readonly ActionKey[] },
  ): Promise<StageResult>;
}

export interface HostDependencies {
  readonly store: Store;
  loadStage(kind: string): Promise<AnyStageKind>;
  /** Digests of kinds' code as it lies on the disk now; of all kinds unless told which. */
  codes(kinds?: readonly string[]): Promise<ReadonlyMap<string, Digest>>;
  /** @throws CemiflowError when the params do not fit the kind's schema */
  checkParams(kind: string, params: JsonObject): void;
  machine(kind: string): Promise<Machine>;
  /** Reads the source files of a kind whose code has this digest. @returns keeps them in the store */
  source(kind: string, code: Digest): Promise<KeepSource>;
  /** Writes checkpoints beside the steps; in this thread unless told. */
  readonly checkpointWriter?: CheckpointWriter;
  readonly build: string;
}

/** One attempt at an action. */
interface Work {
  readonly key: ActionKey;
  /** Generation of the store when the work began. */
  readonly since: number;
  readonly attempt: ActionAttempt;
  readonly watch: Watch;
  /** Actions whose outputs this one joins. */
  readonly parts?: readonly ActionKey[];
  run(stage: AnyStageKind, context: StageContext): Promise<Outputs>;
}

/** Turns stage kinds into activities: checks the code, makes nothing twice, reports progress, keeps the record. */
export const createHost = (dependencies: HostDependencies): StageActivities => {
  const { store, checkParams } = dependencies;
  const load = kindLoader(dependencies);

  const found = async (key: ActionKey): Promise<StageResult | undefined> => {
    const record = (await store.lookupRecords([key])).get(key);
    return record && { key, outputs: record.outputs, hit: true };
  };

  /** Does one action between the look-up and the record. */
  const make = async (
    task: StageTask,
    part: number | undefined,
    kind: string,
    { run, parts }: Pick<Work, 'run' | 'parts'>,
  ): Promise<StageResult> =>
    guarded(task, part, async (watch) => {
      const key = actionKey(task.action);
      const attempt = attemptAt(task, key, watch);
      const since = await store.sweeps.settled();
      const [there] = await Promise.all([found(key), attempt.begin()]);
      if (there) {
        await attempt.finish();
        return there;
      }
      const outputs = await perform(task, part, kind, { key, since, attempt, watch, parts, run }).catch(
        async (error) => {
          await within(endMs, attempt.fail(endOf(error, watch.signal)));
          throw error;
        },
      );
      await attempt.finish();
      const { length: attempts } = await attempt.attempts();
      return { key, outputs, hit: false, attempts, lostSeconds: await attempt.lostSeconds() };
    });

  /** Does the work and keeps its record. @returns the outputs to go on with */
  const perform = async (
    { action, places, experiment, nodeId }: StageTask,
    part: number | undefined,
    kind: string,
    { key, since, attempt, watch, parts, run }: Work,
  ): Promise<Outputs> => {
    const { stage, source } = await load(kind, action.code);
    if (part === undefined) checkParams(kind, action.params);
    const clock = startClock();
    const outputs = await run(stage, {
      ...contextFor({ action, places, experiment, nodeId }, watch),
      checkpoints: attempt,
    });
    const took = clock();
    const machine = await dependencies.machine(kind);
    const { workflowExecution } = Context.current().info;
    const { record } = await store.putRecord(
      {
        key,
        action,
        outputs,
        ...(places && { written: writtenPaths(places) }),
        ...(parts && { parts }),
        source: await source(since),
        machine,
        startedAt: took.startedAt,
        endedAt: took.endedAt,
        spent: spent(took, machine, watch),
        attempts: await attempt.attempts(),
        workflowId: workflowExecution?.workflowId ?? '',
        runId: workflowExecution?.runId ?? '',
        build: dependencies.build,
      },
      since,
    );
    if (part === undefined) await store.putLatest(experiment, nodeId, { key, action });
    return record.outputs;
  };

  const attemptAt = (task: StageTask, key: ActionKey, watch: Watch): ActionAttempt => {
    const { attempt, heartbeatDetails } = Context.current().info;
    return new ActionAttempt({
      key,
      store,
      writer: dependencies.checkpointWriter ?? store.checkpoints,
      interval: task.checkpoint,
      id: watch.attemptId,
      attempt,
      before: heartbeatDetails as Heartbeat | undefined,
      tell: watch.tell,
      log: (message) => Context.current().log.info(message, { nodeId: task.nodeId }),
    });
  };

  const contextFor = (task: StageTask, watch: Watch) => ({
    seed: task.action.seed,
    store,
    ...(task.places && { places: pathsOf(task.places) }),
    signal: watch.signal,
    progress: watch.progress,
    log: (message: string) => Context.current().log.info(message, { nodeId: task.nodeId }),
    checkpoints: noCheckpoints,
  });

  return {
    runStage: (task) =>
      make(task, undefined, task.action.kind, {
        run: (stage, context) => (stage as StageKind).run(task.action.params, context),
      }),
    splitStage: (task) =>
      guarded(task, undefined, async (watch) => {
        const stage = shardedOnly(task.action.kind, (await load(task.action.kind, task.action.code)).stage);
        checkParams(task.action.kind, task.action.params);
        const parts = await stage.split(task.action.params, contextFor(task, watch));
        return refuseManyParts(task.nodeId, parts);
      }),
    runPart: (task) => {
      const kind = wholeKind(task.action.kind);
      return make(task, task.part, kind, {
        run: (stage, context) => shardedOnly(kind, stage).runPart(task.action.params, context),
      });
    },
    joinStage: (task) =>
      make(task, undefined, task.action.kind, {
        parts: task.partKeys,
        run: (stage, context) => shardedOnly(task.action.kind, stage).join(task.action.params, task.parts, context),
      }),
  };
};

/** @returns tells when it was started, and what this process has used since */
const startClock = () => {
  const startedAt = new Date();
  const before = process.cpuUsage();
  return () => {
    const endedAt = new Date();
    const { user, system } = process.cpuUsage(before);
    return {
      startedAt: isoTime(startedAt),
      endedAt: isoTime(endedAt),
      wallSeconds: (endedAt.getTime() - startedAt.getTime()) / 1000,
      cpuSeconds: (user + system) / 1e6,
    };
  };
};

const spent = (
  { wallSeconds, cpuSeconds }: Pick<Spent, 'wallSeconds' | 'cpuSeconds'>,
  { tensorflow }: Machine,
  watch: Watch,
): ActionRecord['spent'] => ({
  wallSeconds,
  cpuSeconds,
  // A GPU worker has its GPU to itself.
  ...(tensorflow?.device === 'gpu' && { gpuSeconds: wallSeconds }),
  peakMemoryBytes: watch.peakMemoryBytes(),
});

/** How long the end of an attempt may take to be written down, where the store is away. */
const endMs = 2_000;

/** Runs under a watch, and turns what is thrown into a failure that Temporal retries or not. */
const guarded = async <T>(task: StageTask, part: number | undefined, run: (watch: Watch) => Promise<T>): Promise<T> => {
  const watch = startWatch(Context.current(), { nodeId: task.nodeId, part });
  try {
    return await run(watch);
  } catch (error) {
    throw asActivityFailure(error, watch.signal);
  } finally {
    watch.stop();
  }
};

interface LoadedKind {
  readonly stage: AnyStageKind;
  readonly source: KeepSource;
}

/**
 * Loads each kind once, keeps its source, and vouches for its code. A process keeps the modules that it has loaded, so the digests of all
 * kinds are taken before the first is loaded, and a kind whose files changed between then and its loading is refused:
 * otherwise old modules could run under the digest of new ones.
 */
const kindLoader = ({ loadStage, codes, source }: HostDependencies) => {
  const loaded = new Map<string, Promise<LoadedKind>>();
  let atStart: ReturnType<typeof codes> | undefined;
  const load = async (kind: string, code: Digest): Promise<LoadedKind> => {
    const stage = await loadStage(kind);
    const now = (await codes([kind])).get(kind);
    if (code !== now) throw codeChanged(kind, code, now);
    return { stage, source: await source(kind, code) };
  };
  return async (kind: string, wanted: Digest): Promise<LoadedKind> => {
    atStart ??= codes();
    const code = (
      await atStart.catch((error) => {
        // Nothing has been loaded by it: the next stage may ask again.
        atStart = undefined;
        throw error;
      })
    ).get(kind);
    if (code === undefined || code !== wanted) throw codeChanged(kind, wanted, code);
    const pending = loaded.get(kind) ?? load(kind, code);
    loaded.set(kind, pending);
    return pending.catch((error) => {
      // A file that could not be opened, a GPU that did not answer. Modules of changed code stay refused.
      if (error.code !== 'CodeChanged') loaded.delete(kind);
      throw error;
    });
  };
};

const codeChanged = (kind: string, wanted?: Digest, found?: Digest): CemiflowError => {
  const [planned, here] = [wanted, found].map((code) => (code ? `code ${shortDigest(code)}` : 'no code'));
  return new CemiflowError('CodeChanged', `${kind} was planned with ${planned}, but this worker has ${here}`, {
    remedy: 'cemiflow run starts it again with the new code; where it says the same again, "cemiflow down" first',
    data: { kind, wanted: wanted ?? null, found: found ?? null },
  });
};

const shardedOnly = (kind: string, stage: AnyStageKind): ShardedStageKind<JsonObject> => {
  if (isSharded(stage)) return stage as unknown as ShardedStageKind<JsonObject>;
  throw new CemiflowError('KindNotSharded', `${kind} is planned in parts, but its module has no split`, {
    remedy: 'set "sharded": false in its schema, or export split, runPart and join',
    data: { kind },
  });
};

/** Results travel in one payload: 2 MiB at most. */
const maxPartsBytes = 1024 * 1024;
const refuseManyParts = (nodeId: string, parts: JsonObject[]): JsonObject[] => {
  const bytes = JSON.stringify(parts).length;
  if (bytes <= maxPartsBytes) return parts;
  throw new CemiflowError('PartsTooLarge', `${nodeId} splits into ${parts.length} parts of ${bytes} bytes together`, {
    remedy: `make the shards larger: a list of parts may have ${maxPartsBytes} bytes`,
    data: { nodeId, parts: parts.length, bytes },
  });
};
