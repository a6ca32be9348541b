import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { workerTrouble } from './launch.ts';
import type { Session } from './session.ts';
import { displayFor } from './view/displays.ts';
import { type RunView, takeSnapshot } from './view/snapshot.ts';

/** How often the worker processes are looked at. */
const troubleEveryMs = 10_000;

/**
 * Shows the run until it ends, or until Ctrl-C: the run goes on without a viewer.
 *
 * @returns the last view, or undefined when interrupted
 */
export const follow = async (client: Client, runId: string, session: Session): Promise<RunView | undefined> => {
  const display = displayFor(session);
  let view: RunView | undefined;
  let [told, lookedAtMs] = ['', Date.now()];
  /** Says once what keeps the run from going on. */
  const tellTrouble = async (stuck: string | undefined): Promise<void> => {
    const look = Date.now() - lookedAtMs > troubleEveryMs;
    if (look) lookedAtMs = Date.now();
    const trouble = stuck ?? (look ? await workerTrouble(session) : undefined);
    if (trouble && trouble !== told) session.note(`trouble: ${trouble}`);
    told = trouble ?? told;
  };
  try {
    while (!session.interrupted.aborted) {
      const now = await takeSnapshot(client, runId, view);
      view = now;
      display.show(now);
      if (now.state !== 'running') return now;
      await tellTrouble(now.trouble);
      await sleep(display.everyMs, undefined, { signal: session.interrupted }).catch(() => {});
    }
    return undefined;
  } finally {
    display.close();
  }
};

/** What Ctrl-C answers: the run goes on, and how to come back to it or end it. */
export const detachedNote = (runId: string): string =>
  [
    `detached: ${runId} goes on without this terminal`,
    `  cemiflow attach ${runId}   follow it to its report`,
    `  cemiflow watch ${runId}    only look`,
    `  cemiflow cancel ${runId}   stop it; what is finished is kept`,
  ].join('\n');
