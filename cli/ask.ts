import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CemiflowError } from '../core/errors.ts';
import type { AbortRequest, RetryRequest, RunProgress, SkipRequest, StagesAnswer } from '../workflows/types.ts';
import type { Arguments } from './command.ts';
import { exitCodes } from './exit.ts';
import { isUnderWay, workflowGone } from './runs.ts';
import { interruption, type Session } from './session.ts';
import { commandLine, runCommand } from './shell.ts';
import { troubleTeller, untilHopeless } from './trouble.ts';
import { keepItsWorkers, type ReachedRun, reachRun } from './underway.ts';
import { askProgress } from './view/pending.ts';

/** What a run can be asked for, and what it answers: the updates of the workflow `experiment`. */
interface Updates {
  readonly retry: { readonly request: RetryRequest; readonly answer: StagesAnswer };
  readonly skip: { readonly request: SkipRequest; readonly answer: StagesAnswer };
  readonly abort: { readonly request: AbortRequest; readonly answer: object };
  readonly pause: { readonly request: undefined; readonly answer: object };
  readonly continue: { readonly request: undefined; readonly answer: object };
}

type Name = keyof Updates;

/**
 * Asks the run that the first argument names, whose workers are started where they are gone.
 *
 * @param tell says the answer; gives the exit code
 * @throws CemiflowError `RunNotRunning`, `WorkflowGone`, `BuildChanged`, and what the workflow refuses: `UnknownStage`,
 * `StageNotFailed`, `NothingFailed`, `ReasonMissing`, `ReasonTooLong`, `RunEnding`
 */
export const askNamedRun = <N extends Name>(
  name: N,
  request: Updates[N]['request'],
  args: Arguments,
  session: Session,
  tell: (answer: Updates[N]['answer'], reached: ReachedRun) => number | Promise<number>,
): Promise<number> =>
  reachRun(args, session, async (reached) => {
    const { client, run, running } = reached;
    if (!running) throw isUnderWay(run.state) ? workflowGone(run) : notRunning(run);
    await keepItsWorkers(run, running, args, session);
    const answered = await askRun(client, run.id, name, request, session);
    return answered ? tell(answered.answer, reached) : exitCodes.interrupted;
  });

/** Waits for a worker to answer, and says what keeps it from doing so. @returns undefined when interrupted */
export const askRun = async <N extends Name>(
  client: Client,
  runId: string,
  name: N,
  request: Updates[N]['request'],
  session: Session,
): Promise<{ readonly answer: Updates[N]['answer'] } | undefined> => {
  // An update without a request takes no argument at all.
  const args = (request === undefined ? [] : [request]) as [unknown];
  const settled = new AbortController();
  const update = client.workflow.getHandle(runId).executeUpdate<Updates[N]['answer'], [unknown]>(name, { args });
  try {
    return await Promise.race([
      update.then((answer) => ({ answer })),
      interruption(session).then(() => undefined),
      untilHopeless(runId, session, settled.signal),
    ]);
  } catch (error) {
    throw await refusalOf(error, runId);
  } finally {
    settled.abort();
  }
};

/**
 * Starts the failed stages of a run again, and says so: whoever runs an experiment that waits for a person wants it to go on.
 */
export const retryFailed = async (client: Client, runId: string, session: Session): Promise<void> => {
  const progress = await untilAnswered(client, runId, session);
  if (progress?.state === 'paused')
    session.note(`${runId} is paused: "${commandLine('continue', runId)}" lets it go on`);
  if (!progress?.nodes.some(({ state }) => state === 'failed')) return;
  try {
    const answered = await askRun(client, runId, 'retry', {}, session);
    if (answered) session.note(`trying ${answered.answer.stages.join(', ')} again`);
  } catch (error) {
    // Somebody else was quicker.
    if (!(error instanceof CemiflowError && error.code === 'NothingFailed')) throw error;
  }
};

/** Its workers may just be starting. @returns undefined when interrupted */
const untilAnswered = async (client: Client, runId: string, session: Session): Promise<RunProgress | undefined> => {
  const trouble = troubleTeller(runId, session);
  while (!session.interrupted.aborted) {
    const progress = await askProgress<RunProgress>(client, runId);
    if (progress) return progress;
    await trouble.look();
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

const notRunning = (run: Pick<ReachedRun['run'], 'id'> & Partial<ReachedRun['run']>): CemiflowError =>
  new CemiflowError('RunNotRunning', `${run.id} is not running${run.state ? `: it is ${run.state}` : ''}`, {
    remedy: run.spec
      ? `"${runCommand({ spec: run.spec, places: run.places })}" starts it again; what is finished is kept`
      : `cemiflow status ${run.id} says how it ended`,
    data: { run: run.id },
  });
