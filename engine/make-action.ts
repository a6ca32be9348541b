import { Context } from '@temporalio/activity';
import { type ActionKey, actionKey, type Machine, type Outputs } from '../core/action.ts';
import type { Digest } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import { pathsOf, writtenPaths } from '../core/plan.ts';
import type { AnyStageKind, StageContext } from '../core/stage.ts';
import { within } from '../core/within.ts';
import type { StageSchema } from '../schemas/stage-schemas.ts';
import type { CheckpointWriter, Store } from '../store/index.ts';
import { ActionAttempt } from './attempt.ts';
import { endOf } from './failures.ts';
import type { KindAccess, LoadKind } from './kind-loader.ts';
import { requirePrecision } from './machine.ts';
import { secondsOf, spent, startClock } from './spent.ts';
import type { StageResult, StageTask } from './stage-activities.ts';
import type { Heartbeat, Watch } from './watch.ts';

/** What a host needs. */
export interface HostDependencies extends KindAccess {
  readonly store: Store;
  /** @param own the schema of a user's own kind @throws CemiflowError when the params do not fit the kind's schema */
  checkParams(kind: string, params: JsonObject, own?: StageSchema): void;
  machine(kind: string, own?: StageSchema): Promise<Machine>;
  /** Writes checkpoints beside the steps; by default in this thread. */
  readonly checkpointWriter?: CheckpointWriter;
  readonly build: string;
}

/** What is run for an action. */
interface Work {
  /** The kind whose module runs it. */
  readonly kind: string;
  /** Whether it makes a shard, whose params no schema describes. */
  readonly isShard?: boolean;
  /** Actions whose outputs this one joins. */
  readonly shards?: readonly ActionKey[];
  run(stage: AnyStageKind, context: StageContext): Promise<Outputs>;
}

/** How long the end of an attempt may take to be written down, where the store is away. */
const endMs = 2_000;

/** Makes actions: looks each up, runs it where it has no record, and keeps its record. */
export class ActionMaker {
  readonly #dependencies: HostDependencies;
  readonly #load: LoadKind;

  constructor(dependencies: HostDependencies, load: LoadKind) {
    this.#dependencies = dependencies;
    this.#load = load;
  }

  async make(task: StageTask, watch: Watch, work: Work): Promise<StageResult> {
    const { store } = this.#dependencies;
    const key = actionKey(task.action);
    const attempt = this.#attemptAt(task, key, watch);
    const since = await store.sweeps.settled();
    const [found] = await Promise.all([store.lookupRecords([key]), attempt.begin()]);
    const there = found.get(key);
    if (there) {
      await attempt.finish();
      return { key, outputs: there.outputs, hit: true };
    }
    const outputs = await this.#perform(task, key, since, attempt, watch, work).catch(async (error) => {
      await within(endMs, attempt.fail(endOf(error, watch.signal)));
      throw error;
    });
    await attempt.finish();
    const attempts = await attempt.attempts();
    const [lostSeconds, spentSeconds] = [await attempt.lostSeconds(), secondsOf(attempts)];
    return { key, outputs, hit: false, attempts: attempts.length, lostSeconds, spentSeconds };
  }

  /** Does the work and keeps its record. @param since generation of the store when it began @returns the outputs to continue with */
  async #perform(
    task: StageTask,
    key: ActionKey,
    since: number,
    attempt: ActionAttempt,
    watch: Watch,
    { kind, isShard = false, shards, run }: Work,
  ): Promise<Outputs> {
    const { store, checkParams, machine: machineFor, build } = this.#dependencies;
    const { action, places, experiment, nodeId } = task;
    const { stage, source, schema } = await this.#load(kind, action.code, task.source);
    if (!isShard) checkParams(kind, action.params, schema);
    await requirePrecision(action.params, () => machineFor(kind, schema), nodeId);
    const clock = startClock();
    let log: Digest | undefined;
    const keepLog = async (bytes: Uint8Array): Promise<void> => {
      log = (await store.putFile('log.txt', bytes, 'text/plain; charset=utf-8')).digest;
    };
    const outputs = await run(stage, { ...contextFor(task, store, watch), checkpoints: attempt, keepLog });
    const took = clock();
    // What a stage hands on without reading it must be there as well: a choice, or shards that are joined.
    for (const ref of Object.values(outputs)) await store.mustBeThere(ref);
    const machine = await machineFor(kind, schema);
    const { workflowExecution } = Context.current().info;
    const { record } = await store.putRecord(
      {
        key,
        action,
        outputs,
        ...(places && { written: writtenPaths(places) }),
        ...(shards && { parts: shards }),
        source: await source(since),
        ...(log && { log }),
        machine,
        startedAt: took.startedAt,
        endedAt: took.endedAt,
        spent: spent(took, machine, watch),
        attempts: await attempt.attempts(),
        workflowId: workflowExecution?.workflowId ?? '',
        runId: workflowExecution?.runId ?? '',
        build,
      },
      since,
    );
    if (!isShard) await store.putLatest(experiment, nodeId, { key, action });
    return record.outputs;
  }

  #attemptAt(task: StageTask, key: ActionKey, watch: Watch): ActionAttempt {
    const { store, checkpointWriter = store.checkpoints } = this.#dependencies;
    const { attempt, heartbeatDetails } = Context.current().info;
    return new ActionAttempt({
      key,
      store,
      writer: checkpointWriter,
      interval: task.checkpoint,
      id: watch.attemptId,
      attempt,
      before: heartbeatDetails as Heartbeat | undefined,
      tell: watch.tell,
      log: logFor(task),
    });
  }
}

/** What a stage sees besides its parameters and checkpoints. */
export const contextFor = (task: StageTask, store: Store, watch: Watch): Omit<StageContext, 'checkpoints'> => ({
  seed: task.action.seed,
  store,
  ...(task.places && { places: pathsOf(task.places) }),
  signal: watch.signal,
  progress: watch.progress,
  log: logFor(task),
});

const logFor =
  ({ nodeId }: StageTask) =>
  (message: string): void =>
    Context.current().log.info(message, { nodeId });
