import { expect, test } from 'vitest';
import { exitCodeOf, formatError } from '../../cli/exit.ts';
import { type Display, jsonDisplay, plainDisplay, tableDisplay } from '../../cli/view/displays.ts';
import { formatDuration, formatSpeed } from '../../cli/view/format.ts';
import { runRows, stageLine, summaryOf } from '../../cli/view/rows.ts';
import { commandLine, runCommand } from '../../client/shell.ts';
import type { RunView, StageView } from '../../client/view/snapshot.ts';
import { digestOf } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { SpeedMeter } from '../../engine/watch.ts';

const stage = (id: string, more: Partial<StageView>): StageView => ({
  ...{ id, stage: id, kind: 'test/kind', resource: 'cpu', sharded: false, waitsFor: [], state: 'waiting' },
  ...more,
});

const view = (...stages: StageView[]): RunView => ({
  runId: 'tiny-0123456789ab',
  experiment: 'tiny',
  state: 'running',
  startedAtMs: 0,
  nowMs: 125_000,
  answered: true,
  lostSeconds: 0,
  stages,
});

/** What every heartbeat holds. */
const worker = { host: 'here', pid: 7, attempt: 1, attemptId: 'first', startedAtMs: 5_000, atMs: 124_000 };

const training = stage('teacher', {
  state: 'running',
  startedAtMs: 5_000,
  heartbeat: {
    ...worker,
    ...{ nodeId: 'teacher', phase: 'train', step: 120, steps: 480, stepsPerSecond: 4, etaSeconds: 90 },
    metrics: { loss: 2.34567 },
  },
});

test('a running stage shows phase, steps, speed, time left, metrics and time spent', () => {
  expect(stageLine(training, 125_000)).toBe(
    'teacher running: train 120/480 · 4.0 step/s · 1m 30s left · loss 2.346 · 2m 00s',
  );
});

test('a stage says what it waits for, why it failed, and that it was retried', () => {
  expect(stageLine(stage('a', { waitsFor: ['b', 'c'] }), 0)).toBe('a waiting: waits for b, c');
  const failure = { code: 'DiskFull', message: 'no space\nleft', remedy: '' };
  expect(stageLine(stage('a', { state: 'failed', failure }), 0)).toBe('a failed: DiskFull: no space left');
  expect(stageLine(stage('a', { state: 'queued', attempt: 2, lastFailure: 'lost' }), 0)).toBe(
    'a queued: waits for a worker · attempt 2 after: lost',
  );
});

test('the table fits the terminal: long lines are cut, and stages under way come before the others', () => {
  const many = Array.from({ length: 30 }, (_, i) => stage(`later${i}`, { waitsFor: ['teacher'] }));
  const rows = runRows(view(...many, training), { columns: 40, rows: 10 });
  expect(rows.length).toBe(10);
  expect(rows.every((row) => row.length <= 40)).toBe(true);
  expect(rows.join('\n')).toContain('teacher');
  expect(rows.at(-1)).toContain('more');
});

test('the table is redrawn over itself, also when it shrinks', () => {
  let screen = '';
  const display = tableDisplay({
    write: (text) => {
      screen += text;
    },
    size: () => ({ columns: 80, rows: 24 }),
  });
  display.show(view(training, stage('b', {})));
  screen = '';
  display.show(view(training));
  expect(screen).toContain('\u001b[3A');
  expect(screen.endsWith('\u001b[0J')).toBe(true);
});

test('a stage that waits for its input says for how long, once that is news', () => {
  const waiting = (waitedSeconds: number) => {
    const heartbeat = { ...worker, nodeId: 'a', phase: 'train', step: 1, steps: 9, waitedSeconds };
    return runRows(view(stage('a', { state: 'running', startedAtMs: 0, heartbeat })), { columns: 90, rows: 9 }).join();
  };
  expect(waiting(3)).toContain('train 1/9 · waited 3 s for input');
  expect(waiting(0.4)).not.toContain('waited');
});

test('without a terminal a line is printed when a state changes, not at every look', () => {
  const lines: string[] = [];
  const display = plainDisplay((line) => lines.push(line));
  for (const state of ['running', 'running', 'done'] as const)
    display.show(view(stage('a', { state, startedAtMs: 5_000, endedAtMs: 65_000 }), stage('b', { waitsFor: ['a'] })));
  expect(lines).toEqual([
    expect.stringContaining('tiny-0123456789ab'),
    expect.stringMatching(/^a running/),
    'a done: 1m 00s',
  ]);
});

test('--json gives one object a line for every change', () => {
  const lines: string[] = [];
  const display = jsonDisplay((line) => lines.push(line));
  display.show(view(training));
  display.show(view(training));
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      ...{ run: 'tiny-0123456789ab', stage: 'teacher', state: 'running' },
      progress: expect.objectContaining({ step: 120, stepsPerSecond: 4 }),
    }),
  ]);
});

test('an error is one line and its remedy; what was wrong with the input exits 2', () => {
  const error = new CemiflowError('StoreTimeout', 'no answer', { remedy: 'look at it' });
  const people = { verbose: false, json: false };
  expect(formatError(error, people)).toBe('error[StoreTimeout]: no answer\n  remedy: look at it');
  expect(exitCodeOf(error)).toBe(1);
  expect(exitCodeOf(new CemiflowError('SpecInvalid', '', { remedy: '' }))).toBe(2);
});

test('for programs an error is one line of JSON, with its stack where that is asked for', () => {
  const error = new CemiflowError('RunAmbiguous', 'two\nlines', { remedy: 'name one', data: { ids: ['a'] } });
  const told = { code: 'RunAmbiguous', message: 'two\nlines', remedy: 'name one', data: { ids: ['a'] } };
  const short = formatError(error, { verbose: false, json: true });
  expect(short).not.toContain('\n');
  expect(JSON.parse(short)).toEqual({ error: told });
  const long = JSON.parse(formatError(error, { verbose: true, json: true }));
  expect(long).toEqual({ error: { ...told, stack: expect.stringContaining('view.test.ts') } });
});

test('a cancelled run says so in its first line', () => {
  expect(runRows({ ...view(training), state: 'cancelled' }, { columns: 80, rows: 9 })[0]).toBe(
    'tiny-0123456789ab  cancelled · 0 of 1 stage · 1 running · 2m 05s',
  );
  expect(runRows(view(training), { columns: 80, rows: 9 })[0]).not.toContain('cancelled');
});

test('a stage that trains says how old its checkpoint is, and from where it was resumed', () => {
  const heartbeat = {
    ...training.heartbeat,
    checkpoint: { step: 100, atMs: 84_000, digest: digestOf('') },
    resumedFrom: 40,
  };
  const line = stageLine({ ...training, heartbeat, attempt: 2, lastFailure: 'lost' } as StageView, 125_000);
  expect(line).toBe(
    'teacher running: train 120/480 · 4.0 step/s · 1m 30s left · loss 2.346 · checkpoint 100, 41 s old · resumed from 40 · 2m 00s · attempt 2 after: lost',
  );
});

test('a worker that has gone silent, and a stage that waits for its next attempt, say so', () => {
  expect(stageLine({ ...training, heardAtMs: 80_000 }, 125_000)).toContain('silent for 45 s');
  expect(stageLine({ ...training, heardAtMs: 110_000 }, 125_000)).not.toContain('silent');
  const queued = stage('a', { state: 'queued', attempt: 3, triesAtMs: 130_000 });
  expect(stageLine(queued, 125_000)).toBe('a queued: tries again in 5 s · attempt 3');
  expect(stageLine(queued, 131_000)).toBe('a queued: waits for a worker · attempt 3');
});

test('a stage that is done tells what failures cost it, a skipped one why, one that needs attention what is wrong', () => {
  const done = stage('a', { state: 'done', startedAtMs: 0, endedAtMs: 60_000 });
  expect(stageLine(done, 0)).toBe('a done: 1m 00s');
  expect(stageLine({ ...done, attempts: 3, lostSeconds: 42 }, 0)).toBe('a done: 1m 00s · 3 attempts · 42 s lost');
  expect(stageLine(stage('a', { state: 'skipped', skipped: { because: 'no\ndata' } }), 0)).toBe('a skipped: no data');
  const failure = { code: 'DiskFull', message: 'no space', remedy: '' };
  expect(stageLine(stage('a', { state: 'needs attention', failure }), 0)).toBe('a needs attention: DiskFull: no space');
});

test('the first line says the state of a run that is not simply running, and the time lost to failures', () => {
  const waits = stage('a', { state: 'needs attention' });
  expect(summaryOf({ ...view(waits), state: 'needs attention', lostSeconds: 90 })).toBe(
    'tiny-0123456789ab  needs attention · 0 of 1 stage · 1 failed · 2m 05s · 1m 30s lost to failures',
  );
  expect(summaryOf({ ...view(stage('a', { state: 'paused' })), state: 'paused' })).toBe(
    'tiny-0123456789ab  paused · 0 of 1 stage · 2m 05s',
  );
  expect(summaryOf({ ...view(waits), state: 'gone', again: 'cemiflow run x.yaml' })).toContain(
    '  its workflow is gone: "cemiflow run x.yaml" takes it up again · ',
  );
  expect(summaryOf({ ...view(waits), state: 'failed', aborted: { because: 'wrong' } })).toContain(
    '  aborted (wrong) · ',
  );
  expect(summaryOf({ ...view(training), answered: false })).toContain(
    'no worker answers: "cemiflow attach tiny-0123456789ab" starts them',
  );
});

test('without a terminal, and with --json, a pause and its end are told once', () => {
  const shown = (display: Display): void => {
    for (const state of ['running', 'paused', 'paused', 'running'] as const) display.show({ ...view(training), state });
  };
  const lines: string[] = [];
  shown(plainDisplay((line) => lines.push(line)));
  expect(lines.filter((line) => line.startsWith('tiny-'))).toEqual([
    expect.not.stringContaining('paused'),
    expect.stringContaining('paused'),
    expect.not.stringContaining('paused'),
  ]);
  const objects: string[] = [];
  shown(jsonDisplay((line) => objects.push(line)));
  expect(objects.map((line) => JSON.parse(line)).filter(({ stage }) => !stage)).toEqual([
    { run: 'tiny-0123456789ab', state: 'paused' },
    { run: 'tiny-0123456789ab', state: 'running' },
  ]);
});

test('the report so far is told to people once, above the table, and to programs each time', () => {
  const told = { run: 'tiny-0123456789ab', page: '/reports/tiny/report.html' };
  const tell = (display: Display): void => {
    display.show(view(training));
    display.tell({ ...told, missing: 7 });
    display.tell({ ...told, missing: 5 });
  };
  const lines: string[] = [];
  tell(plainDisplay((line) => lines.push(line)));
  expect(lines.filter((line) => line.includes('report'))).toEqual(['report so far: /reports/tiny/report.html']);
  const objects: string[] = [];
  tell(jsonDisplay((line) => objects.push(line)));
  expect(objects.slice(1).map((line) => JSON.parse(line))).toEqual(
    [7, 5].map((missing) => ({ run: told.run, report: told.page, soFar: true, missing })),
  );
  let screen = '';
  const write = (text: string): void => {
    screen += text;
  };
  tell(tableDisplay({ write, size: () => ({ columns: 80, rows: 24 }) }));
  const [, after = '', again] = screen.split('report so far: /reports/tiny/report.html\n');
  expect(screen).toContain('\u001b[2A\r\u001b[0Jreport so far');
  expect(after).toContain('teacher');
  expect(again).toBeUndefined();
});

test('commands that are suggested can be copied into a shell', () => {
  expect(commandLine('skip', 'tiny-1', 'student[m=0.5]', "it's")).toBe(
    "cemiflow skip tiny-1 'student[m=0.5]' 'it'\\''s'",
  );
  const spec = { path: '/my files/a.yaml', overrides: { set: ['params.m=[0, 1]'] } };
  const places = { spec: '/my files/a.yaml', folders: {}, set: ['params.x=/data/x'] };
  expect(runCommand({ spec, places })).toBe("cemiflow run '/my files/a.yaml' --set params.x=/data/x");
  expect(runCommand({ spec })).toBe("cemiflow run '/my files/a.yaml' --set 'params.m=[0, 1]'");
});

test('durations and speeds are short', () => {
  expect([0.25, 42, 187, 7500, 97_200].map(formatDuration)).toEqual(['250 ms', '42 s', '3m 07s', '2h 05m', '1d 03h']);
  expect([120, 4.123, 0.25].map(formatSpeed)).toEqual(['120 step/s', '4.1 step/s', '4.0 s/step']);
});

test('speed is measured over the latest steps and starts anew with each phase', () => {
  const meter = new SpeedMeter();
  const at = (phase: string, step: number, seconds: number) =>
    meter.update({ phase, step, steps: 100 }, seconds * 1000);
  expect(at('train', 0, 0)).toEqual({});
  expect(at('train', 10, 5)).toEqual({ stepsPerSecond: 2, etaSeconds: 45 });
  // After half a minute the slow start is forgotten.
  at('train', 20, 10);
  at('train', 60, 40);
  expect(at('train', 80, 45).stepsPerSecond).toBe(4);
  expect(at('embed', 0, 46)).toEqual({});
});
