import type { Client } from '@temporalio/client';
import type { Outputs } from '../core/action.ts';
import type { Plan } from '../core/plan.ts';
import type { Store } from '../store/index.ts';
import { fetchReport } from './artifacts.ts';
import { exitCodes, tellError } from './exit.ts';
import type { Session } from './session.ts';
import type { RunView } from './view/snapshot.ts';

interface Followed {
  readonly client: Client;
  readonly store: Store;
  readonly plan: Plan;
  readonly runId: string;
  readonly out?: string;
  /** Of the plan's nodes, where they were just looked up. */
  readonly outputs?: ReadonlyMap<string, Outputs>;
}

/** Follows a run to its end and tells it: the report, or what failed and what to do. @returns the exit code */
export const followToEnd = async (run: Followed, session: Session): Promise<number> => {
  // Loads Temporal's client, which a run with nothing to do never needs.
  const { detachedNote, follow } = await import('./follow.ts');
  const view = await follow(run.client, run.runId, session);
  if (!view) {
    session.note(detachedNote(run.runId));
    return exitCodes.interrupted;
  }
  if (view.state === 'done') return tellReport(run, session);
  const failed = view.stages.flatMap(({ id, failure }) => (failure ? [{ id, ...failure }] : []));
  if (session.json) session.print(JSON.stringify({ run: run.runId, state: view.state, failed }));
  for (const { id, code, message, remedy } of failed)
    session.note(tellError({ code, message, remedy, stage: id }, session));
  session.note(failed.length > 0 ? againNote(run.runId) : await endNote(run, view, session));
  if (session.verbose) session.note(await stackOf(run));
  return exitCodes.runFailed;
};

/** Copies the report beside the user and says where it is. */
export const tellReport = async (
  { store, plan, runId, out, outputs }: Omit<Followed, 'client'>,
  session: Session,
): Promise<number> => {
  const report = await fetchReport(store, plan, { cwd: session.cwd, out, outputs });
  if (session.json) session.print(JSON.stringify({ run: runId, state: 'done', report }));
  else session.print(report ? `report: ${report}` : `${runId} is done`);
  return exitCodes.ok;
};

const againNote = (runId: string): string =>
  `${runId} failed; what is finished is kept, and "cemiflow run" with the same spec makes only the rest`;

const endNote = async ({ client, runId }: Followed, { state }: RunView, session: Session): Promise<string> => {
  if (state === 'cancelled') return `${runId} was cancelled; what is finished is kept`;
  const error = await client.workflow
    .getHandle(runId)
    .result()
    .then(
      () => undefined,
      (failure: Error & { cause?: Error }) => failure.cause ?? failure,
    );
  const { type: code = 'RunFailed', details } = (error ?? {}) as { type?: string; details?: { remedy?: string }[] };
  const remedy = details?.[0]?.remedy ?? 'see the worker logs named by "cemiflow status"';
  return tellError({ code, message: error?.message ?? `${runId} failed`, remedy }, session);
};

/** The failed stages' chains of causes with their stacks, as Temporal kept them. */
const stackOf = async ({ client, runId }: Followed): Promise<string> => {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const chains = (events ?? []).flatMap((event) => {
    const failure =
      event.activityTaskFailedEventAttributes?.failure ?? event.childWorkflowExecutionFailedEventAttributes?.failure;
    const links: string[] = [];
    for (let at = failure; at; at = at.cause) links.push(`${at.message ?? ''}\n${at.stackTrace ?? ''}`.trim());
    return links.length > 0 ? [links.join('\ncaused by: ')] : [];
  });
  return chains.join('\n\n');
};
