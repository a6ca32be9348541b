import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Failure } from './types.ts';

/** What a stage's failure says to people: the code and remedy of the CemiflowError behind it, wherever it was thrown. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) return failureOf(error.cause);
  if (error instanceof TimeoutFailure)
    return {
      code: 'WorkerLost',
      message: `the worker stopped reporting (${error.timeoutType}): ${error.message}`,
      remedy: 'look at the worker logs ("cemiflow status" names them) for a crash or lack of memory, then run again',
    };
  if (error instanceof ApplicationFailure) {
    const details = error.details?.[0] as { remedy?: string } | undefined;
    return {
      code: error.type ?? 'StageCrashed',
      message: error.message,
      remedy: details?.remedy ?? 'see the stack with --verbose, and the worker logs named by "cemiflow status"',
    };
  }
  return {
    code: 'StageCrashed',
    message: error instanceof Error ? error.message : String(error),
    remedy: 'see the worker logs named by "cemiflow status"',
  };
};

/** The failure that a workflow ends with; its details travel to the client. */
export const stagesFailed = (failed: readonly ({ readonly id: string } & Failure)[]): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'StagesFailed',
    nonRetryable: true,
    message: `${failed.length} ${failed.length === 1 ? 'stage' : 'stages'} failed: ${failed.map(({ id, code }) => `${id} (${code})`).join(', ')}`,
    details: [{ failed, remedy: failed[0]?.remedy ?? '' }],
  });
