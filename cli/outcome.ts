import type { Caller } from '../client/caller.ts';
import { growReport } from '../client/growing-report.ts';
import { outputsIn, reportIn } from '../client/planned.ts';
import type { ReachedRun } from '../client/reach.ts';
import type { ReportRequest } from '../client/report-folder.ts';
import { commandLine, runCommand } from '../client/shell.ts';
import type { RunView } from '../client/view/snapshot.ts';
import { callerOf } from './events.ts';
import { exitCodes, tellError } from './exit.ts';
import type { Session } from './session.ts';
import { displayFor } from './view/displays.ts';

/** Follows a run to its end and prints it: the report, or what failed and what to do. @returns the exit code */
export const followToEnd = async (reached: ReachedRun, out: string | undefined, session: Session): Promise<number> => {
  const view = await showRun(reached, session, { out });
  if (!view) {
    session.note(detachedNote(reached.run.id));
    return exitCodes.interrupted;
  }
  if (view.state !== 'done') return tellUndone(reached, view, session);
  for (const { id, skipped } of view.stages) if (skipped) session.note(`without ${id}: ${skipped.because}`);
  return tellReport({ ...reached, out, outputs: outputsIn(view) }, session);
};

/**
 * Shows a run until it ends or waits for a person.
 *
 * @param grows where the report so far is written meanwhile; nothing is written without it
 * @returns the last view; undefined when interrupted
 */
export const showRun = async (
  reached: ReachedRun,
  session: Session,
  grows?: { readonly out: string | undefined },
): Promise<RunView | undefined> => {
  // Loads Temporal's client, which a run with nothing to do never needs.
  const { follow } = await import('../client/follow.ts');
  const display = displayFor(session);
  const caller = callerOf(session);
  const on: Caller['on'] = (event) => (event.kind === 'report so far' ? display.tell(event) : caller.on(event));
  const report = grows && growReport({ ...reached, out: grows.out }, { ...caller, on });
  let last: RunView | undefined;
  try {
    last = await follow(
      reached,
      (view) => {
        display.show(view);
        report?.look(view);
      },
      caller,
    );
    return last;
  } finally {
    await report?.end(last);
    display.close();
  }
};

/** Prints what failed, with its remedy, and what a person can do. @returns the exit code @throws CemiflowError `WorkflowGone` */
export const tellUndone = async (reached: ReachedRun, view: RunView, session: Session): Promise<number> => {
  const { stacksOf, whyUndone } = await import('../client/undone.ts');
  const { run, state, failed, commands, failure } = await whyUndone(reached, view);
  if (session.json) session.print(JSON.stringify({ run, state, failed, commands }));
  for (const { id, code, message, remedy } of failed)
    session.note(tellError({ code, message, remedy, stage: id }, session));
  if (commands) session.note(attentionNote(run, commands));
  else if (failure) session.note(tellError(failure, session));
  else if (state === 'cancelled') session.note(`${run} was cancelled; what is finished is kept`);
  else
    session.note(
      `${run} failed; what is finished is kept, and "${runCommand(reached.run)}" makes only what is missing`,
    );
  if (session.verbose) session.note((await stacksOf(reached)).join('\n\n'));
  return exitCodes.runFailed;
};

/** Writes the report beside the user and prints where it is. */
export const tellReport = async (request: ReportRequest, session: Session): Promise<number> => {
  const run = request.run.id;
  const report = reportIn(request.run.plan, request.outputs) && (await write(request, session));
  if (session.json) session.print(JSON.stringify({ run, state: 'done', report }));
  else session.print(report ? `report: ${report}` : `${run} is done`);
  return exitCodes.ok;
};

const write = async (request: ReportRequest, session: Session): Promise<string | undefined> => {
  // Loads all that pages are made of, and the images that findings are about.
  const { writeReport } = await import('../client/report.ts');
  return writeReport(request, callerOf(session));
};

/** After Ctrl-C: the run continues, and how to come back to it or end it. */
const detachedNote = (runId: string): string =>
  [
    `detached: ${runId} continues without this terminal`,
    `  ${commandLine('attach', runId)}   follow it to its report`,
    `  ${commandLine('watch', runId)}    only show it`,
    `  ${commandLine('cancel', runId)}   stop it; what is finished is kept`,
  ].join('\n');

const attentionNote = (
  runId: string,
  { retry, skip, abort }: { readonly retry: string; readonly skip: string; readonly abort: string },
): string =>
  [
    `${runId} needs attention, and waits for`,
    `  ${retry}   once the cause is fixed`,
    `  ${skip}   to continue without`,
    `  ${abort}   to end it; what is finished is kept`,
  ].join('\n');
