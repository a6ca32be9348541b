import { isUnderWay } from '../../client/runs.ts';
import type { RunView, StageView } from '../../client/view/snapshot.ts';
import type { Session, Terminal } from '../session.ts';
import { runRows, stageLine, summaryOf } from './rows.ts';

/** Shows a run while it is under way. */
export interface Display {
  show(view: RunView): void;
  /** Says that the report so far was written: to people once, to programs each time. */
  tell(report: SoFarWritten): void;
  /** Leaves the terminal as other programs expect it. */
  close(): void;
}

/** A report so far that was written. */
export interface SoFarWritten {
  readonly run: string;
  readonly page: string;
  /** How many stages it lacks. */
  readonly missing: number;
}

export const soFarLine = ({ page }: SoFarWritten): string => `report so far: ${page}`;

export const soFarJson = ({ run, page, missing }: SoFarWritten) => ({ run, report: page, soFar: true, missing });

/** JSON lines, a table that is redrawn in place, or plain lines where there is no terminal. */
export const displayFor = (session: Session): Display => {
  if (session.json) return jsonDisplay(session.print);
  return session.terminal ? tableDisplay(session.terminal) : plainDisplay(session.print);
};

const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : '');
const eraseLine = '\u001b[2K';
const eraseBelow = '\u001b[0J';
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

export const tableDisplay = (terminal: Terminal): Display => {
  let [drawn, text, told] = [0, '', false];
  return {
    show: (view) => {
      const size = terminal.size();
      // The last column stays free: some terminals wrap when it is written.
      const rows = runRows(view, { columns: size.columns - 1, rows: size.rows - 1 });
      text = rows.map((row) => `${eraseLine}${row}\n`).join('');
      terminal.write(`${hideCursor}${up(drawn)}\r${text}${eraseBelow}`);
      drawn = rows.length;
    },
    tell: (report) => {
      if (told) return;
      told = true;
      // Above the table, which is drawn again below it.
      terminal.write(`${up(drawn)}\r${eraseBelow}${soFarLine(report)}\n${text}`);
    },
    close: () => terminal.write(showCursor),
  };
};

/** A stage's progress is worth a line this often. */
const plainEveryMs = 15_000;

export const plainDisplay = (print: (line: string) => void): Display => {
  const said = new Map<string, { state: string; atMs: number }>();
  let [begun, runState, told] = [false, '', false];
  return {
    show: (view) => {
      if (view.stages.length === 0) return;
      if (!begun || (view.state !== runState && isUnderWay(view.state))) print(summaryOf(view));
      runState = view.state;
      for (const stage of view.stages) {
        const last = said.get(stage.id);
        const old = last === undefined || last.state !== stage.state;
        if (!old && !(stage.state === 'running' && view.nowMs - last.atMs >= plainEveryMs)) continue;
        said.set(stage.id, { state: stage.state, atMs: view.nowMs });
        // At first only what is under way or over is worth a line.
        if (begun || !['waiting', 'ready', 'paused'].includes(stage.state)) print(stageLine(stage, view.nowMs));
      }
      begun = true;
    },
    tell: (report) => {
      if (!told) print(soFarLine(report));
      told = true;
    },
    close: () => {},
  };
};

/**
 * One object a line: `{"run", "stage", "state", …}` whenever a stage's state or step changes, `{"run", "state"}` when the run is
 * paused and when it continues, and `{"run", "report", "soFar", "missing"}` whenever the report so far was written.
 */
export const jsonDisplay = (print: (line: string) => void): Display => {
  const said = new Map<string, string>();
  let runState: RunView['state'] = 'running';
  return {
    show: ({ runId, stages, state }) => {
      if (state !== runState && (state === 'paused' || state === 'running'))
        print(JSON.stringify({ run: runId, state }));
      runState = state;
      for (const stage of stages) {
        const text = JSON.stringify(stageJson(runId, stage));
        if (said.get(stage.id) === text) continue;
        said.set(stage.id, text);
        print(text);
      }
    },
    tell: (report) => print(JSON.stringify(soFarJson(report))),
    close: () => {},
  };
};

const stageJson = (runId: string, stage: StageView) => {
  const { id, kind, state, key, waitsFor, heartbeat, shards, attempt, failure, startedAtMs, endedAtMs } = stage;
  const { skipped, attempts, lostSeconds } = stage;
  // When it was said is no news.
  const { nodeId: _node, atMs: _at, ...progress } = heartbeat ?? { nodeId: id, atMs: 0 };
  return {
    run: runId,
    stage: id,
    kind,
    state,
    key,
    startedAtMs,
    endedAtMs,
    attempt,
    attempts,
    lostSeconds,
    ...(state === 'running' ? { progress, shards } : {}),
    ...(waitsFor.length > 0 && state !== 'cancelled' ? { waitsFor } : {}),
    failure,
    skipped,
  };
};
