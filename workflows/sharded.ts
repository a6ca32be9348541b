import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type Action, type ActionKey, actionKey, type Outputs } from '../core/action.ts';
import { shardKind } from '../core/stage.ts';
import type { StageResult, StageTask } from '../engine/stage-activities.ts';
import { bookkeeping, callStage, dropDamaged, lookupKeys, queueOf } from './activities.ts';
import { asApplicationFailure, cancelled, failureOf, isDamage, throwIfCancelled } from './failures.ts';
import {
  maxRepairs,
  progressQueryName,
  type ShardedInput,
  type ShardsCarried,
  type ShardsProgress,
  type StageFailure,
} from './types.ts';

/** Sent by the experiment: while paused, no further shard starts. */
export const pauseShards = defineSignal<[boolean]>('pauseShards');

/** A shard takes about six events, and a history is read whole after every restart of a worker: Temporal ends it at 51,200. */
const defaultMaxEvents = 2000;

/**
 * One sharded stage: split into shards, each an action with key and record, then joined. A shard that fails leaves the others
 * running, so that a later run finds them made. Once the history is long, the workflow continues in a new one, which takes the
 * split along and finds what is made by its keys.
 */
export async function sharded(input: ShardedInput): Promise<StageResult> {
  const shards = new Shards(input);
  setHandler(pauseShards, (paused) => shards.setPaused(paused));
  setHandler(defineQuery<ShardsProgress>(progressQueryName), () => shards.progress());
  await shards.split();
  await shards.lookUp();
  while (true) {
    await shards.make();
    const joined = await shards.join();
    if (joined) return joined;
  }
}

/** The shards of one stage, and how far each has come. */
class Shards {
  readonly #input: ShardedInput;
  /** The stage as a whole. */
  readonly #task: StageTask;
  readonly #made = new Map<ActionKey, Outputs>();
  readonly #inFlight = new Map<ActionKey, Promise<void>>();
  readonly #carried: Writable<ShardsCarried>;
  #phase: ShardsProgress['phase'] = 'split';
  #actions: readonly Action[] = [];
  #keys: readonly ActionKey[] = [];
  #paused = false;

  constructor(input: ShardedInput) {
    const { node, params, experiment, checkpoint, carried } = input;
    const action: Action = { kind: node.kind, params, seed: node.seed, code: node.code };
    this.#input = input;
    this.#task = { nodeId: node.id, experiment, action, places: node.places, source: node.source, checkpoint };
    this.#carried = { split: [], hits: 0, lostSeconds: 0, failed: [], repairs: 0, ...carried };
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  progress(): ShardsProgress {
    return {
      nodeId: this.#task.nodeId,
      phase: this.#phase,
      shards: this.#keys.length,
      done: this.#doneCount(),
      hits: this.#carried.hits,
      running: this.#inFlight.size,
      failed: this.#carried.failed.length,
    };
  }

  /** Splits the stage, once: a later history has the split from the one before it. */
  async split(): Promise<void> {
    const { action } = this.#task;
    if (!this.#input.carried)
      this.#carried.split = await callStage('splitStage', this.#call('split', 'split'), this.#task);
    this.#actions = this.#carried.split.map((params): Action => ({ ...action, kind: shardKind(action.kind), params }));
    this.#keys = this.#actions.map(actionKey);
    this.#phase = 'shards';
  }

  /** Finds the shards that are made already. */
  async lookUp(): Promise<void> {
    for (let from = 0; from < this.#keys.length; from += lookupKeys) {
      const found = await bookkeeping.lookupActions({ keys: this.#keys.slice(from, from + lookupKeys) });
      for (const [key, outputs] of Object.entries(found)) this.#made.set(key as ActionKey, outputs);
    }
    if (!this.#input.carried) this.#carried.hits = this.#doneCount();
  }

  /** Resolves once every shard is made. @throws the first failure, once all others have been tried */
  async make(): Promise<void> {
    let started = 0;
    for (const [index, shard] of this.#actions.entries()) {
      const key = this.#keys[index] as ActionKey;
      if (this.#made.has(key) || this.#inFlight.has(key) || this.#carried.failed.includes(index)) continue;
      await turn(() => !this.#paused && this.#inFlight.size < this.#input.maxParallel);
      if (cancelled()) break;
      if (started > 0 && isLong(this.#input.maxEvents)) {
        await turn(() => !this.#paused && this.#inFlight.size === 0);
        if (cancelled()) break;
        return continueAsNew<typeof sharded>({ ...this.#input, carried: this.#carried });
      }
      this.#start(key, shard, index);
      started += 1;
    }
    await Promise.all(this.#inFlight.values());
    await turn(() => !this.#paused);
    throwIfCancelled();
    if (this.#carried.failure) throw this.#failed(this.#carried.failure);
  }

  /** @returns undefined where shards were damaged, and must be made again */
  async join(): Promise<StageResult | undefined> {
    this.#phase = 'join';
    try {
      const outputs = this.#keys.map((key) => this.#made.get(key) as Outputs);
      const task = { ...this.#task, shards: outputs, shardKeys: this.#keys };
      const joined = await callStage('joinStage', this.#call('join', 'join'), task);
      const { lostSeconds, spentSeconds = 0 } = this.#carried;
      return {
        ...joined,
        lostSeconds: lostSeconds + (joined.lostSeconds ?? 0),
        spentSeconds: spentSeconds + (joined.spentSeconds ?? 0),
      };
    } catch (error) {
      const failure = failureOf(error);
      // Damage elsewhere is in the stage's own input, which the experiment repairs.
      if (isDamage(failure) && this.#carried.repairs < maxRepairs && (await this.#dropDamaged())) {
        this.#phase = 'shards';
        return undefined;
      }
      throw isCancellation(error) ? error : this.#failed(failure);
    }
  }

  #failed(failure: StageFailure) {
    return asApplicationFailure({ ...failure, spentSeconds: this.#carried.spentSeconds });
  }

  #start(key: ActionKey, action: Action, index: number): void {
    const call = this.#call(`${index}`, `shard ${index + 1} of ${this.#keys.length}`);
    const settled = callStage('runShard', call, { ...this.#task, action, shard: index }).then(
      ({ outputs, lostSeconds = 0, spentSeconds = 0 }) => {
        this.#made.set(key, outputs);
        this.#carried.lostSeconds += lostSeconds;
        this.#carried.spentSeconds = (this.#carried.spentSeconds ?? 0) + spentSeconds;
      },
      (error) => {
        if (isCancellation(error)) return;
        this.#carried.failed = [...this.#carried.failed, index];
        this.#carried.failure ??= failureOf(error);
      },
    );
    this.#inFlight.set(
      key,
      settled.then(() => void this.#inFlight.delete(key)),
    );
  }

  /** Shards whose outputs are damaged count as not made any more. @returns whether there is one */
  async #dropDamaged(): Promise<boolean> {
    this.#carried.repairs += 1;
    const damaged = await dropDamaged({ refs: [...this.#made.values()].flatMap((outputs) => Object.values(outputs)) });
    const digests = new Set(damaged.map(({ digest }) => digest));
    const bad = [...this.#made].filter(([, outputs]) =>
      Object.values(outputs).some(({ digest }) => digests.has(digest)),
    );
    for (const [key] of bad) this.#made.delete(key);
    return bad.length > 0;
  }

  #doneCount(): number {
    return this.#keys.filter((key) => this.#made.has(key)).length;
  }

  /** How an activity of this stage is called. */
  #call(name: string, summary: string) {
    const { node, heartbeatSeconds, priority } = this.#input;
    return {
      id: `${node.id}/${name}`,
      queue: queueOf(node, this.#input),
      summary: `${node.id} · ${summary}`,
      heartbeatSeconds,
      priority,
    };
  }
}

/** Waits, and comes back early where the stage is cancelled: shards under way are waited for in any case. */
const turn = async (ready: () => boolean): Promise<void> => {
  await condition(ready).catch((error) => {
    if (!isCancellation(error)) throw error;
  });
};

const isLong = (maxEvents = defaultMaxEvents): boolean => {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength > maxEvents;
};

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };
