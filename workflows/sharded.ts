import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { StageResult } from '../activities/host.ts';
import { type Action, type ActionKey, actionKey, type Outputs } from '../core/action.ts';
import { partKind } from '../core/stage.ts';
import { bookkeeping, callStage, queueOf } from './activities.ts';
import { failureOf } from './failures.ts';
import { type PartsProgress, progressQueryName, type ShardedInput } from './types.ts';

/**
 * One sharded stage: split into parts, each an action of its own with key and record, then joined. A part that fails
 * leaves the others running, so that a later run finds them made.
 */
export async function sharded(input: ShardedInput): Promise<StageResult> {
  const { node, params, experiment } = input;
  const queue = queueOf(node, input.device, input.build);
  const action: Action = { kind: node.kind, params, seed: node.seed, code: node.code };
  const task = { nodeId: node.id, experiment, action };
  const state = { phase: 'split' as PartsProgress['phase'], hits: 0, failed: 0 };
  const made = new Map<ActionKey, Outputs>();
  const inFlight = new Map<ActionKey, Promise<void>>();
  let keys: ActionKey[] = [];
  setHandler(
    defineQuery<PartsProgress>(progressQueryName),
    (): PartsProgress => ({
      nodeId: node.id,
      parts: keys.length,
      done: keys.filter((key) => made.has(key)).length,
      running: inFlight.size,
      ...state,
    }),
  );

  const parts = await callStage('splitStage', { id: `${node.id}/split`, queue, summary: `${node.id} · split` }, task);
  const actions = parts.map((part): Action => ({ ...action, kind: partKind(node.kind), params: part }));
  keys = actions.map(actionKey);
  state.phase = 'parts';
  for (let from = 0; from < keys.length; from += 500)
    for (const [key, outputs] of Object.entries(
      await bookkeeping.lookupActions({ keys: keys.slice(from, from + 500) }),
    ))
      made.set(key as ActionKey, outputs);
  state.hits = keys.filter((key) => made.has(key)).length;

  let failure: unknown;
  const start = (key: ActionKey, part: Action, index: number): void => {
    const id = `${node.id}/${index}`;
    const summary = `${node.id} · part ${index + 1} of ${keys.length}`;
    const settled = callStage('runPart', { id, queue, summary }, { ...task, action: part, part: index }).then(
      ({ outputs }) => void made.set(key, outputs),
      (error) => {
        if (isCancellation(error)) return;
        state.failed += 1;
        failure ??= error;
      },
    );
    inFlight.set(
      key,
      settled.then(() => void inFlight.delete(key)),
    );
  };
  for (const [index, part] of actions.entries()) {
    const key = keys[index] as ActionKey;
    if (made.has(key) || inFlight.has(key)) continue;
    while (inFlight.size >= input.maxParallel) await Promise.race(inFlight.values());
    if (cancelled()) break;
    start(key, part, index);
  }
  while (inFlight.size > 0) await Promise.race(inFlight.values());
  if (cancelled()) throw new CancelledFailure('the run was cancelled');
  if (failure) throw partFailed(failure);

  state.phase = 'join';
  const outputs = keys.map((key) => made.get(key) as Outputs);
  return callStage(
    'joinStage',
    { id: `${node.id}/join`, queue, summary: `${node.id} · join` },
    { ...task, parts: outputs },
  );
}

const cancelled = (): boolean => CancellationScope.current().consideredCancelled;

const partFailed = (error: unknown): ApplicationFailure => {
  const { code, message, remedy } = failureOf(error);
  return ApplicationFailure.create({ type: code, message, nonRetryable: true, details: [{ remedy }] });
};
