import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { HistoryAndWorkflowId } from '@temporalio/client';
import { bundleWorkflowCode, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { scenarios } from './scenarios.ts';

interface Recorded {
  readonly workflowId: string;
  readonly history: { readonly events: { readonly [key: string]: unknown }[] };
}

const folder = fileURLToPath(new URL('./histories', import.meta.url));
const files = readdirSync(folder).sort();
const textOf = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');
const recorded = (file: string): Recorded[] => JSON.parse(textOf(file));

const silent = () => {};
const logger = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };
let workflowBundle: { code: string };

beforeAll(async () => {
  const filter = makeTelemetryFilterString({ core: 'ERROR' });
  Runtime.install({ logger, shutdownSignals: [], telemetryOptions: { logging: { filter } } });
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
});

/** @returns what went wrong, in the order of the histories; undefined for each that replays */
const replay = async (histories: readonly Recorded[]): Promise<(Error | undefined)[]> => {
  const all = histories as unknown as HistoryAndWorkflowId[];
  const errors: (Error | undefined)[] = [];
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, all)) errors.push(error);
  return errors;
};

test.each(files)('the workflows of today can follow %s', async (file) => {
  const histories = recorded(file);
  expect(await replay(histories)).toEqual(histories.map(() => undefined));
});

test('a workflow that does something else than its history is found out', async () => {
  const [{ workflowId, history } = { workflowId: '', history: { events: [] } }] = recorded(files[0] as string);
  const other = JSON.parse(JSON.stringify(history).replaceAll('"lookupActions"', '"lookDownActions"'));
  expect(other).not.toEqual(history);
  const [error] = await replay([{ workflowId, history: other }]);
  expect(String(error)).toMatch(/[Nn]on-?determinis/);
});

test('the histories cover every path', () => {
  expect(files).toHaveLength(scenarios.length);
  const all = files.map(textOf).join('');
  for (const what of [
    ...['retry', 'skip', 'abort', 'budget', 'pause', 'continue'].map((name) => `"name":"${name}"`),
    ...[
      'recordRun',
      'restoreRun',
      'lookupActions',
      'dropDamaged',
      'runStage',
      'splitStage',
      'runShard',
      'joinStage',
    ].map((name) => `"activityType":{"name":"${name}"}`),
    'workflowExecutionContinuedAsNewEventAttributes',
    'workflowExecutionCancelRequestedEventAttributes',
    'workflowExecutionSignaledEventAttributes',
    'activityTaskFailedEventAttributes',
    'activityTaskCanceledEventAttributes',
    'childWorkflowExecutionFailedEventAttributes',
    'workflowExecutionFailedEventAttributes',
    'workflowExecutionCanceledEventAttributes',
  ])
    expect(all, what).toContain(what);
});

test('the histories name no machine', () => {
  for (const file of files) {
    const text = textOf(file).replace(/"data":"([^"]+)"/g, (_, data) => Buffer.from(data, 'base64').toString());
    expect(text, file).not.toMatch(/\/(home|work|tmp|root|Users|var|opt)\//);
    expect(text, file).not.toContain(hostname());
  }
});
