import type { Failure } from '../workflows/types.ts';
import { withClient } from './connect.ts';
import type { ReachedRun } from './reach.ts';
import { workflowGone } from './runs.ts';
import { commandLine } from './shell.ts';
import type { RunView, ViewState } from './view/snapshot.ts';

/** Why a run has no report. */
export interface Undone {
  readonly run: string;
  readonly state: ViewState;
  readonly failed: readonly (Failure & { readonly id: string })[];
  /** What a person can answer, where the run waits for that. */
  readonly commands?: { readonly retry: string; readonly skip: string; readonly abort: string };
  /** What ended the run, where no stage failed. */
  readonly failure?: Failure;
}

/** Why a run that is over, or waits for a person, is not done. @throws CemiflowError `WorkflowGone` */
export const whyUndone = async (reached: ReachedRun, { state, stages }: RunView): Promise<Undone> => {
  const { run } = reached;
  if (state === 'gone') throw workflowGone(run);
  const failed = stages.flatMap(({ id, failure }) => (failure ? [{ id, ...failure }] : []));
  const asksWhy = failed.length === 0 && state !== 'cancelled' && state !== 'needs attention';
  return {
    run: run.id,
    state,
    failed,
    ...(state === 'needs attention' && { commands: commandsFor(run.id, failed) }),
    ...(asksWhy && { failure: await failureOf(reached) }),
  };
};

/** What a person can answer to a run that waits. */
const commandsFor = (runId: string, failed: readonly { readonly id: string }[]) => ({
  retry: commandLine('retry', runId),
  skip: `${commandLine('skip', runId, ...failed.map(({ id }) => id))} --because TEXT`,
  abort: commandLine('abort', runId),
});

/** What the workflow itself failed with. */
const failureOf = ({ endpoints, run: { id } }: ReachedRun): Promise<Failure> =>
  withClient(endpoints, async (client) => {
    const error = await client.workflow
      .getHandle(id)
      .result()
      .then(
        () => undefined,
        (failure: Error & { cause?: Error }) => failure.cause ?? failure,
      );
    const { type: code = 'RunFailed', details } = (error ?? {}) as { type?: string; details?: { remedy?: string }[] };
    const remedy = details?.[0]?.remedy ?? 'see the worker logs named by "cemiflow status"';
    return { code, message: error?.message ?? `${id} failed`, remedy };
  });

/** Stacks of the run's failed stages, each with its chain of causes, as Temporal kept them. */
export const stacksOf = ({ endpoints, run }: ReachedRun): Promise<string[]> =>
  withClient(endpoints, async (client) => {
    const { events } = await client.workflow.getHandle(run.id).fetchHistory();
    return (events ?? []).flatMap((event) => {
      const failure =
        event.activityTaskFailedEventAttributes?.failure ?? event.childWorkflowExecutionFailedEventAttributes?.failure;
      const links: string[] = [];
      for (let at = failure; at; at = at.cause) links.push(`${at.message ?? ''}\n${at.stackTrace ?? ''}`.trim());
      return links.length > 0 ? [links.join('\ncaused by: ')] : [];
    });
  });
