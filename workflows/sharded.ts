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
import { partKind } from '../core/stage.ts';
import type { StageResult } from '../engine/host.ts';
import { bookkeeping, callStage, dropDamaged, lookupKeys, queueOf } from './activities.ts';
import { asApplicationFailure, cancelled, failureOf, isDamage, throwIfCancelled } from './failures.ts';
import { maxRepairs, type PartsCarried, type PartsProgress, progressQueryName, type ShardedInput } from './types.ts';

/** Told by the experiment: while paused, no further part starts. */
export const pauseParts = defineSignal<[boolean]>('pauseParts');

/** A part takes about six events, and a history is read whole after every restart of a worker: Temporal ends it at 51,200. */
const defaultMaxEvents = 2000;

/**
 * One sharded stage: split into parts, each an action of its own with key and record, then joined. A part that fails
 * leaves the others running, so that a later run finds them made. Once the history is long, it goes on as a new one: what is
 * made is found there by its keys.
 */
export async function sharded(input: ShardedInput): Promise<StageResult> {
  const { node, params, experiment, checkpoint, heartbeatSeconds } = input;
  const action: Action = { kind: node.kind, params, seed: node.seed, code: node.code };
  const task = { nodeId: node.id, experiment, action, places: node.places, checkpoint };
  const call = (name: string, summary: string) => ({
    id: `${node.id}/${name}`,
    queue: queueOf(node, input),
    summary: `${node.id} · ${summary}`,
    heartbeatSeconds,
  });
  const made = new Map<ActionKey, Outputs>();
  const inFlight = new Map<ActionKey, Promise<void>>();
  const carried: Writable<PartsCarried> = { hits: 0, lostSeconds: 0, failed: [], repairs: 0, ...input.carried };
  let phase: PartsProgress['phase'] = 'split';
  let keys: ActionKey[] = [];
  let paused = false;
  setHandler(pauseParts, (value) => {
    paused = value;
  });
  setHandler(
    defineQuery<PartsProgress>(progressQueryName),
    (): PartsProgress => ({
      nodeId: node.id,
      phase,
      parts: keys.length,
      done: keys.filter((key) => made.has(key)).length,
      hits: carried.hits,
      running: inFlight.size,
      failed: carried.failed.length,
    }),
  );

  const parts = await callStage('splitStage', call('split', 'split'), task);
  const actions = parts.map((part): Action => ({ ...action, kind: partKind(node.kind), params: part }));
  keys = actions.map(actionKey);
  phase = 'parts';
  for (let from = 0; from < keys.length; from += lookupKeys) {
    const found = await bookkeeping.lookupActions({ keys: keys.slice(from, from + lookupKeys) });
    for (const [key, outputs] of Object.entries(found)) made.set(key as ActionKey, outputs);
  }
  if (!input.carried) carried.hits = keys.filter((key) => made.has(key)).length;

  const start = (key: ActionKey, part: Action, index: number): void => {
    const where = call(`${index}`, `part ${index + 1} of ${keys.length}`);
    const settled = callStage('runPart', where, { ...task, action: part, part: index }).then(
      ({ outputs, lostSeconds = 0 }) => {
        made.set(key, outputs);
        carried.lostSeconds += lostSeconds;
      },
      (error) => {
        if (isCancellation(error)) return;
        carried.failed = [...carried.failed, index];
        carried.failure ??= failureOf(error);
      },
    );
    inFlight.set(
      key,
      settled.then(() => void inFlight.delete(key)),
    );
  };

  /** Resolves once every part is made or has failed. */
  const makeParts = async (): Promise<void> => {
    let started = 0;
    for (const [index, part] of actions.entries()) {
      const key = keys[index] as ActionKey;
      if (made.has(key) || inFlight.has(key) || carried.failed.includes(index)) continue;
      await turn(() => !paused && inFlight.size < input.maxParallel);
      if (cancelled()) break;
      if (started > 0 && isLong(input.maxEvents)) {
        await turn(() => !paused && inFlight.size === 0);
        if (cancelled()) break;
        return continueAsNew<typeof sharded>({ ...input, carried });
      }
      start(key, part, index);
      started += 1;
    }
    await Promise.all(inFlight.values());
    await turn(() => !paused);
    throwIfCancelled();
    if (carried.failure) throw asApplicationFailure(carried.failure);
  };

  /** Parts whose outputs are damaged count as not made any more. @returns whether there is one */
  const dropParts = async (): Promise<boolean> => {
    carried.repairs += 1;
    const damaged = await dropDamaged({ refs: [...made.values()].flatMap((outputs) => Object.values(outputs)) });
    const digests = new Set(damaged.map(({ digest }) => digest));
    const bad = keys.filter((key) => Object.values(made.get(key) ?? {}).some(({ digest }) => digests.has(digest)));
    for (const key of bad) made.delete(key);
    return bad.length > 0;
  };

  while (true) {
    await makeParts();
    phase = 'join';
    try {
      const outputs = keys.map((key) => made.get(key) as Outputs);
      const joined = await callStage('joinStage', call('join', 'join'), { ...task, parts: outputs, partKeys: keys });
      return { ...joined, lostSeconds: carried.lostSeconds + (joined.lostSeconds ?? 0) };
    } catch (error) {
      const failure = failureOf(error);
      // What is not a part's is the stage's own input, which the experiment looks after.
      if (isDamage(failure) && carried.repairs < maxRepairs && (await dropParts())) phase = 'parts';
      else throw isCancellation(error) ? error : asApplicationFailure(failure);
    }
  }
}

/** Waits, and comes back early where the stage is cancelled: parts under way are waited for in any case. */
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
