import type { Client } from '@temporalio/client';
import { exitCodes, tellError } from '../cli/exit.ts';
import type { Session } from '../cli/session.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { fetchReport, type Reported } from './report.ts';
import { workflowGone } from './runs.ts';
import { commandLine, runCommand } from './shell.ts';
import type { RunView } from './view/snapshot.ts';

interface Followed {
  readonly client: Client;
  readonly store: Store;
  readonly run: RunDocument;
  readonly out?: string;
}

/** Follows a run to its end and tells it: the report, or what failed and what to do. @returns the exit code */
export const followToEnd = async (followed: Followed, session: Session): Promise<number> => {
  // Loads Temporal's client, which a run with nothing to do never needs.
  const { detachedNote, follow } = await import('./follow.ts');
  const { run, store, out } = followed;
  const view = await follow(followed, session);
  if (!view) {
    session.note(detachedNote(run.id));
    return exitCodes.interrupted;
  }
  if (view.state !== 'done') return tellUndone(followed, view, session);
  for (const { id, skipped } of view.stages) if (skipped) session.note(`without ${id}: ${skipped.because}`);
  // What was made without skipped inputs has other keys than the plan foresaw: the run itself knows it.
  const outputs = new Map(view.stages.flatMap((stage) => (stage.outputs ? [[stage.id, stage.outputs] as const] : [])));
  return tellReport({ store, plan: run.plan, runId: run.id, out, outputs }, session);
};

/** Tells what failed, with its remedy, and what a person can do. @returns the exit code @throws CemiflowError `WorkflowGone` */
export const tellUndone = async (followed: Followed, view: RunView, session: Session): Promise<number> => {
  const { run } = followed;
  if (view.state === 'gone') throw workflowGone(run);
  const failed = view.stages.flatMap(({ id, failure }) => (failure ? [{ id, ...failure }] : []));
  const commands = view.state === 'needs attention' ? commandsFor(run.id, failed) : undefined;
  if (session.json) session.print(JSON.stringify({ run: run.id, state: view.state, failed, commands }));
  for (const { id, code, message, remedy } of failed)
    session.note(tellError({ code, message, remedy, stage: id }, session));
  if (commands) session.note(attentionNote(run.id, commands));
  else session.note(failed.length > 0 ? againNote(run) : await endNote(followed, view, session));
  if (session.verbose) session.note(await stackOf(followed));
  return exitCodes.runFailed;
};

/** Copies the report beside the user and says where it is. */
export const tellReport = async (reported: Reported, session: Session): Promise<number> => {
  const { runId } = reported;
  const report = await fetchReport(reported, session);
  if (session.json) session.print(JSON.stringify({ run: runId, state: 'done', report }));
  else session.print(report ? `report: ${report}` : `${runId} is done`);
  return exitCodes.ok;
};

/** What a person can answer to a run that waits. */
const commandsFor = (runId: string, failed: readonly { readonly id: string }[]) => ({
  retry: commandLine('retry', runId),
  skip: `${commandLine('skip', runId, ...failed.map(({ id }) => id))} --because TEXT`,
  abort: commandLine('abort', runId),
});

const attentionNote = (runId: string, { retry, skip, abort }: ReturnType<typeof commandsFor>): string =>
  [
    `${runId} needs attention, and waits for`,
    `  ${retry}   once the cause is mended`,
    `  ${skip}   to go on without`,
    `  ${abort}   to end it; what is finished is kept`,
  ].join('\n');

const againNote = (run: RunDocument): string =>
  `${run.id} failed; what is finished is kept, and "${runCommand(run)}" makes only the rest`;

const endNote = async (
  { client, run: { id: runId } }: Followed,
  { state }: RunView,
  session: Session,
): Promise<string> => {
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
const stackOf = async ({ client, run }: Followed): Promise<string> => {
  const { events } = await client.workflow.getHandle(run.id).fetchHistory();
  const chains = (events ?? []).flatMap((event) => {
    const failure =
      event.activityTaskFailedEventAttributes?.failure ?? event.childWorkflowExecutionFailedEventAttributes?.failure;
    const links: string[] = [];
    for (let at = failure; at; at = at.cause) links.push(`${at.message ?? ''}\n${at.stackTrace ?? ''}`.trim());
    return links.length > 0 ? [links.join('\ncaused by: ')] : [];
  });
  return chains.join('\n\n');
};
