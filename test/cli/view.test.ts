import { expect, test } from 'vitest';
import { SpeedMeter } from '../../activities/watch.ts';
import { exitCodeOf, formatError } from '../../cli/exit.ts';
import { jsonDisplay, plainDisplay, tableDisplay } from '../../cli/view/displays.ts';
import { formatDuration, formatSpeed } from '../../cli/view/format.ts';
import { runRows, stageLine } from '../../cli/view/rows.ts';
import type { RunView, StageView } from '../../cli/view/snapshot.ts';
import { CemiflowError } from '../../core/errors.ts';

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
  stages,
});

const training = stage('teacher', {
  state: 'running',
  startedAtMs: 5_000,
  heartbeat: {
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
    const heartbeat = { nodeId: 'a', phase: 'train', step: 1, steps: 9, waitedSeconds };
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
    'tiny-0123456789ab  cancelled · 0 of 1 stages · 1 running · 2m 05s',
  );
  expect(runRows(view(training), { columns: 80, rows: 9 })[0]).not.toContain('cancelled');
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
