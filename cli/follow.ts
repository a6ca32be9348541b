import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Session } from './session.ts';
import { displayFor } from './view/displays.ts';
import { type RunView, takeSnapshot } from './view/snapshot.ts';

/**
 * Shows the run until it ends, or until Ctrl-C: the run goes on without a viewer.
 *
 * @returns the last view, or undefined when interrupted
 */
export const follow = async (client: Client, runId: string, session: Session): Promise<RunView | undefined> => {
  const display = displayFor(session);
  let view: RunView | undefined;
  try {
    while (!session.interrupted.aborted) {
      const now = await takeSnapshot(client, runId, view);
      view = now;
      display.show(now);
      if (now.state !== 'running') return now;
      await sleep(display.everyMs, undefined, { signal: session.interrupted }).catch(() => {});
    }
    return undefined;
  } finally {
    display.close();
  }
};

export const detachedNote = (runId: string): string =>
  [
    `detached: ${runId} goes on without this terminal`,
    `  cemiflow attach ${runId}   follow it to its report`,
    `  cemiflow watch ${runId}    only look`,
    `  cemiflow cancel ${runId}   stop it; what is finished is kept`,
  ].join('\n');
