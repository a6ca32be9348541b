import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ServiceError } from '@temporalio/client';
import type { Session } from '../cli/session.ts';
import { displayFor } from '../cli/view/displays.ts';
import { CemiflowError } from '../core/errors.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { commandLine } from './shell.ts';
import { troubleTeller } from './trouble.ts';
import { type RunView, runViewer } from './view/snapshot.ts';

export interface Follow {
  readonly client: Client;
  readonly store: Store;
  readonly run: RunDocument;
}

/**
 * Shows the run until it ends or waits for a person, or until Ctrl-C: the run goes on without a viewer. A server that
 * is away for a while is waited for.
 *
 * @returns the last view, or undefined when interrupted
 * @throws CemiflowError `ServiceGaveUp`, `ServicesNotUp`
 */
export const follow = async ({ client, store, run }: Follow, session: Session): Promise<RunView | undefined> => {
  const display = displayFor(session);
  const trouble = troubleTeller(run.id, session);
  const look = runViewer(client, store, run);
  try {
    while (!session.interrupted.aborted) {
      const view = await look().catch(passing);
      if (typeof view === 'string') await trouble.look(view);
      else {
        display.show(view);
        if (isOver(view)) return view;
        await trouble.look(view.trouble, view.device);
      }
      await sleep(display.everyMs, undefined, { signal: session.interrupted }).catch(() => {});
    }
    return undefined;
  } finally {
    display.close();
  }
};

/** What is said of an error that may pass by itself: a server that is being started again. @throws every other one */
const passing = (error: unknown): string => {
  if (error instanceof ServiceError) return 'Temporal does not answer';
  if (error instanceof CemiflowError && error.retryable) return error.message;
  throw error;
};

/** That a run waits for a person is believed of its workflow alone: what was last known may have been answered since. */
const isOver = ({ state, answered }: RunView): boolean =>
  !['running', 'paused'].includes(state) && (state !== 'needs attention' || answered);

/** What Ctrl-C answers: the run goes on, and how to come back to it or end it. */
export const detachedNote = (runId: string): string =>
  [
    `detached: ${runId} goes on without this terminal`,
    `  ${commandLine('attach', runId)}   follow it to its report`,
    `  ${commandLine('watch', runId)}    only look`,
    `  ${commandLine('cancel', runId)}   stop it; what is finished is kept`,
  ].join('\n');
