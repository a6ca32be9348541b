import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { StageFailure } from './types.ts';

/** What a stage's failure says to people: the code and remedy of the CemiflowError behind it, wherever it was thrown. */
export const failureOf = (error: unknown): StageFailure => {
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) return failureOf(error.cause);
  if (error instanceof TimeoutFailure)
    return {
      code: 'WorkerLost',
      message: `the worker stopped reporting (${error.timeoutType}): ${error.message}`,
      remedy: 'look at the worker logs ("cemiflow status" names them) for a crash or lack of memory, then retry',
    };
  // A run that cancels its stages itself does not ask why they ended.
  if (error instanceof CancelledFailure || error instanceof TerminatedFailure)
    return {
      code: 'StageCancelled',
      message: `the stage was ${error instanceof TerminatedFailure ? 'terminated' : 'cancelled'} from outside its run`,
      remedy: '"cemiflow retry" starts it again; its finished shards are kept',
    };
  if (error instanceof ApplicationFailure) {
    const details = error.details?.[0] as { remedy?: string; data?: JsonObject; spentSeconds?: number } | undefined;
    return {
      code: error.type ?? 'StageCrashed',
      message: error.message,
      remedy: details?.remedy ?? 'see the stack with --verbose, and the worker logs named by "cemiflow status"',
      ...(details?.data ? { data: details.data } : {}),
      ...(details?.spentSeconds ? { spentSeconds: details.spentSeconds } : {}),
    };
  }
  return {
    code: 'StageCrashed',
    message: error instanceof Error ? error.message : String(error),
    remedy: 'see the worker logs named by "cemiflow status"',
  };
};

/** A failure that no retry mends, as it travels to the parent or the client. */
export const asApplicationFailure = ({ code, message, remedy, data, spentSeconds }: StageFailure): ApplicationFailure =>
  ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: true,
    details: [{ remedy, ...(data && { data }), ...(spentSeconds && { spentSeconds }) }],
  });

/** Whether an input could not be read because what is in the store is damaged or gone. */
export const isDamage = ({ code }: StageFailure): boolean => /^(Blob|Artifact)(Corrupt|Missing)$/.test(code);

/** Turns a CemiflowError into a refusal that the person who asked sees. */
export const refusing = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw error instanceof CemiflowError ? asApplicationFailure(error) : error;
  }
};

/** Whether the scope that this runs in was asked to end. */
export const cancelled = (): boolean => CancellationScope.current().consideredCancelled;

export const throwIfCancelled = (): void => {
  if (cancelled()) throw new CancelledFailure('the run was cancelled');
};
