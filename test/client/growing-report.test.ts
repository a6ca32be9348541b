import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ClientEvent } from '../../client/caller.ts';
import { growReport } from '../../client/growing-report.ts';
import type { RunView, ViewState } from '../../client/view/snapshot.ts';
import type { JsonObject } from '../../core/errors.ts';
import { loadBlocks } from '../../report/blocks.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { madeUpExperiment } from '../report/fixture.ts';
import { runOf } from '../report/plan-of.ts';

const store = memoryStore();
const cwd = mkdtempSync(join(tmpdir(), 'cemiflow-growing-'));
const run = runOf((await madeUpExperiment(store)) as unknown as JsonObject);
let events: ClientEvent[] = [];

// What is loaded at the first write would count as its time, after which it pauses.
beforeAll(() => Promise.all([import('../../client/report-so-far.ts'), loadBlocks()]));
beforeEach(() => {
  events = [];
  rmSync(join(cwd, 'reports'), { recursive: true, force: true });
});
afterAll(() => rmSync(cwd, { recursive: true }));

const grow = (everyMs = 0) =>
  growReport(
    { store, run: { id: run.run, plan: run.plan } },
    {
      cwd,
      on: (event) => {
        events.push(event);
      },
    },
    everyMs,
  );

/** The run when it has made these nodes. */
const view = (made: (id: string) => boolean, state: ViewState = 'running'): RunView => ({
  ...{ runId: run.run, experiment: 'tiny', state, startedAtMs: 0, nowMs: 0, answered: true, lostSeconds: 0 },
  stages: run.plan.nodes.map(({ id, stage, kind }) => {
    const outputs = made(id) ? run.outputs.get(id) : undefined;
    const common = { id, stage, kind, resource: 'cpu', sharded: false, waitsFor: [] } as const;
    return { ...common, state: outputs ? 'done' : 'waiting', ...(outputs && { outputs }) };
  }),
});
const nothing = view(() => false);
const grid = view((id) => id.startsWith('grid'));
const gridAndSet = view((id) => id.startsWith('grid') || id === 'accuracy-2-volume[m=0]');

const page = join(cwd, 'reports/tiny/report.html');
const missing = () => Number(/data-missing="(\d+)"/.exec(readFileSync(page, 'utf8'))?.[1]);
const until = async (look: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 40_000; !look(); await sleep(20))
    if (Date.now() > deadline) throw new Error(`never came to it: ${JSON.stringify(events)}`);
};
const wanted = () => run.plan.nodes.length - 1;

test('it is written when the first picture is there, and again when there is more', async () => {
  const report = grow();
  report.look(nothing);
  report.look(grid);
  await until(() => events.length === 1);
  expect(events).toEqual([{ kind: 'report so far', run: run.run, page, missing: wanted() - 2 }]);
  expect(missing()).toBe(wanted() - 2);
  await until(() => {
    report.look(gridAndSet);
    return events.length === 2;
  });
  expect(missing()).toBe(wanted() - 3);
  report.look(gridAndSet);
  await report.end(gridAndSet);
  expect(events.length).toBe(2);
});

test('it is not written more often than it may, and not for what the report does not read', async () => {
  const report = grow(60_000);
  report.look(grid);
  await until(() => events.length === 1);
  for (let i = 0; i < 20; i++) {
    report.look(gridAndSet);
    await sleep(10);
  }
  expect(missing()).toBe(wanted() - 2);
  await report.end();
  expect(events.length).toBe(1);
});

test('of a run that ends without its report, the last that it made is shown', async () => {
  const report = grow(60_000);
  report.look(grid);
  await report.end({ ...gridAndSet, state: 'cancelled' });
  expect(events.length).toBe(2);
  expect(missing()).toBe(wanted() - 3);
});

test('nothing is written once the run is done, or nobody follows it: the report itself lies there', async () => {
  for (const last of [view(() => true, 'done'), undefined]) {
    const report = grow();
    report.look(grid);
    await report.end(last);
    report.look(gridAndSet);
    await sleep(200);
    expect(events).toEqual([]);
    expect(existsSync(page)).toBe(false);
  }
});

test('it waits for the report where nothing is missing', async () => {
  const report = grow();
  report.look(view(() => true));
  await sleep(100);
  await report.end();
  expect(events).toEqual([]);
});

test('what keeps it from being written is said once, and does not reach who follows', async () => {
  writeFileSync(join(cwd, 'reports'), 'a file where the folder should be');
  const report = grow();
  for (let i = 0; i < 30; i++) {
    report.look(i % 2 === 0 ? grid : gridAndSet);
    await sleep(10);
  }
  await report.end({ ...grid, state: 'failed' });
  expect(events).toMatchObject([{ kind: 'report so far failed', run: run.run, error: { code: 'FolderInvalid' } }]);
});
