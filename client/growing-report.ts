import { dependenciesOf } from '../core/plan.ts';
import { reportNodeOf } from '../core/so-far.ts';
import type { Caller } from './caller.ts';
import { outputsIn, skippedIn } from './planned.ts';
import type { ReportRequest } from './report-folder.ts';
import type { RunView } from './view/snapshot.ts';

/** The report so far of a run that is being followed, written again as the run makes more of what it shows. */
export interface GrowingReport {
  /** Says where the run stands; returns at once, and never throws. */
  look(view: RunView): void;
  /** Nothing is written afterwards. @param last of the run, where it ended: what it made last is shown unless its report is there */
  end(last?: RunView): Promise<void>;
}

/** The least time between two writes. */
const writeEveryMs = 10_000;
/** Following a run must not be slowed down: of its time, at most a tenth goes into the report so far. */
const pausePerWrite = 9;

/** Events say where each report so far was written, and once why one could not be. */
export const growReport = (
  { store, run, out }: Omit<ReportRequest, 'outputs'>,
  { cwd, on }: Pick<Caller, 'cwd' | 'on'>,
  everyMs = writeEveryMs,
): GrowingReport => {
  const node = reportNodeOf(run.plan);
  const reads = new Set(node ? dependenciesOf(node) : []);
  const stopped = new AbortController();
  let [shown, nextAtMs, hasFailed] = [0, 0, false];
  let writing: Promise<void> | undefined;

  const settledIn = ({ stages }: RunView): number =>
    stages.filter(({ id, outputs, skipped }) => reads.has(id) && (outputs || skipped)).length;

  const write = async (view: RunView): Promise<void> => {
    const startedAtMs = Date.now();
    try {
      // Loads all that pages are made of.
      const { writeReportSoFar } = await import('./report-so-far.ts');
      const known = { outputs: outputsIn(view), skipped: skippedIn(view.stages) };
      const found = await writeReportSoFar({ store, run, out, ...known }, { cwd }, stopped.signal);
      shown = settledIn(view);
      if (found) on({ kind: 'report so far', run: run.id, ...found });
    } catch (error) {
      if (!stopped.signal.aborted && !hasFailed)
        on({ kind: 'report so far failed', run: run.id, error: error as Error });
      hasFailed ||= !stopped.signal.aborted;
    }
    const endedAtMs = Date.now();
    nextAtMs = endedAtMs + Math.max(everyMs, pausePerWrite * (endedAtMs - startedAtMs));
  };

  return {
    look: (view) => {
      const settled = settledIn(view);
      // Once nothing is missing, the report itself is about to be made.
      if (writing || settled === shown || settled === reads.size || Date.now() < nextAtMs) return;
      writing = write(view).finally(() => {
        writing = undefined;
      });
    },
    end: async (last) => {
      const isDone = !last || last.state === 'done';
      if (isDone) stopped.abort();
      await writing;
      if (!isDone && settledIn(last) !== shown) await write(last);
      stopped.abort();
    },
  };
};
