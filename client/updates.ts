import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CemiflowError } from '../core/errors.ts';
import type { RunDocument } from '../store/index.ts';
import type {
  AbortRequest,
  BudgetRequest,
  RetryRequest,
  RunProgress,
  SkipRequest,
  StagesAnswer,
} from '../workflows/types.ts';
import { type Caller, interruption } from './caller.ts';
import { runCommand } from './shell.ts';
import { untilHopeless, watchTrouble } from './trouble.ts';
import { askProgress } from './view/pending.ts';

/** What a run can be asked for, and what it answers: the updates of the workflow `experiment`. */
export interface Updates {
  readonly retry: { readonly request: RetryRequest; readonly answer: StagesAnswer };
  readonly skip: { readonly request: SkipRequest; readonly answer: StagesAnswer };
  readonly abort: { readonly request: AbortRequest; readonly answer: object };
  readonly budget: { readonly request: BudgetRequest; readonly answer: object };
  readonly pause: { readonly request: undefined; readonly answer: object };
  readonly continue: { readonly request: undefined; readonly answer: object };
}

/**
 * Asks the workflow of a run, and waits for a worker to answer.
 *
 * @returns undefined where the caller's signal came first
 * @throws CemiflowError `RunNotRunning`, what the workflow refuses, and what keeps every worker from answering
 */
export const updateRun = async <Name extends keyof Updates>(
  client: Client,
  runId: string,
  name: Name,
  request: Updates[Name]['request'],
  caller: Caller,
): Promise<Updates[Name]['answer'] | undefined> => {
  // An update without a request takes no argument at all.
  const args = (request === undefined ? [] : [request]) as [unknown];
  const settled = new AbortController();
  const update = client.workflow.getHandle(runId).executeUpdate<Updates[Name]['answer'], [unknown]>(name, { args });
  try {
    return await Promise.race([
      update,
      interruption(caller).then(() => undefined),
      untilHopeless(runId, caller, settled.signal),
    ]);
  } catch (error) {
    throw await refusalOf(error, runId);
  } finally {
    settled.abort();
  }
};

/** Retries the failed stages of a run: whoever runs an experiment that waits for a person wants it to continue. */
export const retryFailed = async (client: Client, run: string, caller: Caller): Promise<void> => {
  const progress = await untilAnswered(client, run, caller);
  if (progress?.state === 'paused') {
    const { spentSeconds, budget } = progress;
    caller.on({ kind: 'paused', run, spentSeconds, budget });
  }
  if (!progress?.nodes.some(({ state }) => state === 'failed')) return;
  try {
    const answer = await updateRun(client, run, 'retry', {}, caller);
    if (answer) caller.on({ kind: 'retrying', run, stages: answer.stages });
  } catch (error) {
    // Somebody else was quicker.
    if (!(error instanceof CemiflowError && error.code === 'NothingFailed')) throw error;
  }
};

/** Its workers may just be starting. @returns undefined where the caller's signal came first */
const untilAnswered = async (client: Client, runId: string, caller: Caller): Promise<RunProgress | undefined> => {
  const trouble = watchTrouble(runId, caller);
  while (!caller.signal.aborted) {
    const progress = await askProgress<RunProgress>(client, runId);
    if (progress) return progress;
    await trouble.check();
    await sleep(300);
  }
  return undefined;
};

/** The workflow's refusal as a typed error: its failure carries code and remedy. */
const refusalOf = async (error: unknown, runId: string): Promise<unknown> => {
  const { WorkflowNotFoundError, WorkflowUpdateFailedError } = await import('@temporalio/client');
  if (error instanceof WorkflowNotFoundError) return notRunning({ id: runId });
  if (!(error instanceof WorkflowUpdateFailedError)) return error;
  const { type, message, details } = (error.cause ?? error) as Refusal;
  return new CemiflowError(type ?? 'UpdateFailed', message, {
    remedy: details?.[0]?.remedy ?? `cemiflow status ${runId} says where it stands`,
    data: { run: runId },
    cause: error,
  });
};

interface Refusal {
  readonly message: string;
  readonly type?: string;
  readonly details?: readonly { readonly remedy?: string }[];
}

export const notRunning = (run: Pick<RunDocument, 'id'> & Partial<RunDocument>): CemiflowError =>
  new CemiflowError('RunNotRunning', `${run.id} is not running${run.state ? `: it is ${run.state}` : ''}`, {
    remedy: run.spec
      ? `"${runCommand({ spec: run.spec, places: run.places })}" starts it again; what is finished is kept`
      : `cemiflow status ${run.id} says how it ended`,
    data: { run: run.id },
  });
