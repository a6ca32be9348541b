import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '@temporalio/client';
import { CemiflowError } from '../core/errors.ts';
import type { Caller } from './caller.ts';
import { withClient } from './connect.ts';
import type { ReachedRun } from './reach.ts';
import { watchTrouble } from './trouble.ts';
import { type RunView, runViewer } from './view/snapshot.ts';

/** How often a run that is followed is asked where it stands. */
const askEveryMs = 1000;

/**
 * Follows a run until it ends or waits for a person, or until the caller's signal: the run continues without a follower. A
 * server that is away for a while is waited for.
 *
 * @param show receives the run about once a second
 * @returns the last view; undefined where the signal came first
 * @throws CemiflowError `ServiceGaveUp`, `ServicesNotUp`
 */
export const follow = (
  { endpoints, store, run }: ReachedRun,
  show: (view: RunView) => void,
  caller: Caller,
): Promise<RunView | undefined> =>
  withClient(endpoints, async (client) => {
    const trouble = watchTrouble(run.id, caller);
    const view = runViewer(client, store, run);
    while (!caller.signal.aborted) {
      const now = await view().catch(passing);
      if (typeof now === 'string') await trouble.check(now);
      else {
        show(now);
        if (isOver(now)) return now;
        await trouble.check(now.trouble, now.device);
      }
      await sleep(askEveryMs, undefined, { signal: caller.signal }).catch(() => {});
    }
    return undefined;
  });

/** What an error says that may pass by itself: a server that is being started again. @throws every other one */
const passing = (error: unknown): string => {
  if (error instanceof ServiceError) return 'Temporal does not answer';
  if (error instanceof CemiflowError && error.retryable) return error.message;
  throw error;
};

/** Only the workflow itself says that a run waits for a person: what was last known may have been answered since. */
const isOver = ({ state, answered }: RunView): boolean =>
  !['running', 'paused'].includes(state) && (state !== 'needs attention' || answered);
