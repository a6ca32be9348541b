import { status } from '../services/index.ts';
import type { Caller } from './caller.ts';
import { withClient } from './connect.ts';
import { lookUpRun } from './reach.ts';
import { isUnderWay } from './runs.ts';
import { documentView, type RunView, runViewer } from './view/snapshot.ts';

/** Where a run stands, and what keeps it from continuing. */
export interface RunStatus {
  readonly view: RunView;
  readonly troubles: readonly string[];
}

/** Asks Temporal, or else reads the run's document; starts nothing. @throws CemiflowError `UnknownRun` */
export const runStatus = async (name: string, { home, env }: Pick<Caller, 'home' | 'env'>): Promise<RunStatus> => {
  const { endpoints, store, run } = await lookUpRun(name, { home, env });
  const [view, { troubles }] = await Promise.all([
    withClient(endpoints, (client) => runViewer(client, store, run)()).catch(() => documentView(run, 'unknown')),
    status({ home, env }),
  ]);
  if (!isUnderWay(view.state)) return { view, troubles: [] };
  return { view, troubles: [...(view.trouble ? [view.trouble] : []), ...troubles] };
};
