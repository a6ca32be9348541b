import type { Client } from '@temporalio/client';
import { isoTime } from '../core/time.ts';
import { buildId } from '../spec/code-digest.ts';
import type { RunDocument, Store } from '../store/index.ts';
import type { AbortRequest, RetryRequest, RunProgress, SkipRequest } from '../workflows/types.ts';
import type { Caller } from './caller.ts';
import { withClient } from './connect.ts';
import { expectedTimes } from './expected-times.ts';
import { statusOf } from './planned.ts';
import { reachRun } from './reach.ts';
import { isUnderWay, workflowGone } from './runs.ts';
import { runningBuild } from './start.ts';
import { keepItsWorkers, untilEnded, type WorkersWanted } from './underway.ts';
import { notRunning, type Updates, updateRun } from './updates.ts';

/** A run that was asked for something, and its answer. */
interface Steered<Answer> {
  readonly run: string;
  readonly answer: Answer;
}

/** The caller's signal came before the run had answered. */
type Unanswered = undefined;

/** Retries failed stages: those that are named, or all. @throws CemiflowError `UnknownStage`, `StageNotFailed`, `NothingFailed` */
export const retry = (name: string, request: RetryRequest, workers: WorkersWanted, caller: Caller) =>
  ask(name, 'retry', request, workers, caller);

/** Lets a run continue without failed stages. @throws CemiflowError `UnknownStage`, `StageNotFailed`, `ReasonMissing`, `ReasonTooLong` */
export const skip = (name: string, request: SkipRequest, workers: WorkersWanted, caller: Caller) =>
  ask(name, 'skip', request, workers, caller);

/** Starts nothing new in a run; stages under way continue. */
export const pause = (name: string, workers: WorkersWanted, caller: Caller) =>
  ask(name, 'pause', undefined, workers, caller);

/** Lets a paused run continue. @param budgetSeconds a new budget of compute time @throws CemiflowError `BudgetSpent` */
export const continueRun = (
  name: string,
  { budgetSeconds, ...workers }: WorkersWanted & { readonly budgetSeconds?: number },
  caller: Caller,
): Promise<Steered<object> | Unanswered> =>
  withRunning(name, workers, caller, async (client, document, store) => {
    const { id: run, plan } = document;
    if (budgetSeconds) {
      const { device } = (document.progress ?? {}) as unknown as Partial<RunProgress>;
      const estimates = await expectedTimes({ plan }, await statusOf(plan, store), store, device ?? 'cpu');
      if (!(await updateRun(client, run, 'budget', { seconds: budgetSeconds, estimates }, caller))) return undefined;
    }
    const answer = await updateRun(client, run, 'continue', undefined, caller);
    return answer && { run, answer };
  });

/** Ends a run as failed, once its stages have left their checkpoints. @throws CemiflowError `ReasonTooLong` */
export const abort = async (
  name: string,
  request: AbortRequest,
  workers: WorkersWanted,
  caller: Caller,
): Promise<{ readonly run: string } | Unanswered> =>
  withRunning(name, workers, caller, async (client, { id: run }) => {
    const answer = await updateRun(client, run, 'abort', request, caller);
    return answer && (await untilEnded(client, run, caller)) ? { run } : undefined;
  });

/** Stops a run; what is finished is kept. @returns `cancelled` is false where it was not running */
export const cancel = async (
  name: string,
  workers: WorkersWanted,
  caller: Caller,
): Promise<{ readonly run: string; readonly cancelled: boolean } | Unanswered> => {
  const { endpoints, store, run } = await reachRun(name, caller);
  return withClient(endpoints, async (client) => {
    const running = await runningBuild(client, run.id);
    const handle = client.workflow.getHandle(run.id);
    if (running && running.build === (await buildId())) {
      await keepItsWorkers(run, running, workers, caller);
      await handle.cancel();
      return (await untilEnded(client, run.id, caller)) ? { run: run.id, cancelled: true } : undefined;
    }
    if (!running && !isUnderWay(run.state)) return { run: run.id, cancelled: false };
    // No worker runs its code any more, so that none could answer a request to stop; or its workflow is gone altogether.
    if (running) await handle.terminate('cancelled; its workers are of another build');
    await store.putRun({ ...run, state: 'cancelled', endedAt: isoTime(new Date()) });
    return { run: run.id, cancelled: true };
  });
};

const ask = <Name extends keyof Updates>(
  name: string,
  what: Name,
  request: Updates[Name]['request'],
  workers: WorkersWanted,
  caller: Caller,
): Promise<Steered<Updates[Name]['answer']> | Unanswered> =>
  withRunning(name, workers, caller, async (client, { id: run }) => {
    const answer = await updateRun(client, run, what, request, caller);
    return answer && { run, answer };
  });

/**
 * Finds a run that is under way, and starts its workers where they are gone.
 *
 * @throws CemiflowError `UnknownRun`, `RunNotRunning`, `WorkflowGone`, `BuildChanged`
 */
const withRunning = async <T>(
  name: string,
  workers: WorkersWanted,
  caller: Caller,
  use: (client: Client, run: RunDocument, store: Store) => Promise<T>,
): Promise<T> => {
  const { endpoints, store, run } = await reachRun(name, caller);
  return withClient(endpoints, async (client) => {
    const running = await runningBuild(client, run.id);
    if (!running) throw isUnderWay(run.state) ? workflowGone(run) : notRunning(run);
    await keepItsWorkers(run, running, workers, caller);
    return use(client, run, store);
  });
};
