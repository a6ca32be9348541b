import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { CemiflowError } from '../core/errors.ts';

/** Errors of the network and of the host that pass by themselves. */
const transient = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAGAIN',
  'EMFILE',
  'ENOSPC',
]);

/**
 * The failure that Temporal sees: `type` is the code, the first detail holds remedy and data. Only what can pass by itself
 * is retried; bad input and bugs fail at once. A worker that drains hands its work to the next one.
 */
export const asActivityFailure = (error: unknown, signal: AbortSignal): Error => {
  if (signal.aborted) {
    const reason = signal.reason;
    const draining = reason instanceof Error && reason.message === 'WORKER_SHUTDOWN';
    if (draining) return ApplicationFailure.retryable('the worker was asked to stop', 'WorkerDraining');
    return reason instanceof CancelledFailure ? reason : new CancelledFailure('the run was cancelled');
  }
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof CemiflowError)
    return ApplicationFailure.create({
      type: error.code,
      message: short(error.message),
      nonRetryable: !error.retryable,
      details: [{ remedy: error.remedy, data: error.data }],
      cause: error.cause instanceof Error ? error.cause : undefined,
    });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const passes = typeof code === 'string' && transient.has(code);
  return ApplicationFailure.create({
    type: passes ? code : 'StageCrashed',
    message: short(error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
    nonRetryable: !passes,
    details: [
      {
        remedy: passes ? 'check the network and the disk' : 'this is a bug in the stage: see its stack with --verbose',
      },
    ],
    cause: error instanceof Error ? error : undefined,
  });
};

/** Histories hold messages for ever: a page is enough. */
const short = (message: string): string => (message.length > 4000 ? `${message.slice(0, 4000)}…` : message);

/** How an attempt ended, as its record says it. */
export const endOf = (error: unknown, signal: AbortSignal): string => {
  const failure = asActivityFailure(error, signal);
  if (!(failure instanceof ApplicationFailure)) return 'cancelled';
  return failure.type === 'WorkerDraining' ? 'drained' : (failure.type ?? 'StageCrashed');
};
