import { isUnderWay } from '../../client/runs.ts';
import { commandLine } from '../../client/shell.ts';
import type { RunView, StageView } from '../../client/view/snapshot.ts';
import { plural } from '../../core/words.ts';
import { budgetWait } from '../budget.ts';
import { alignColumns, fitWidth, formatDuration, formatNumber, formatSpeed } from './format.ts';

const marks: { readonly [state in StageView['state']]: string } = {
  waiting: '·',
  ready: '·',
  queued: '…',
  running: '▸',
  hit: '=',
  done: '✓',
  failed: '✗',
  'needs attention': '✗',
  paused: '‖',
  blocked: '–',
  skipped: '–',
  cancelled: '–',
};

/** `7 of 23 stages · 3 running · 1 failed · 12m 04s`; the run's state comes first where it is not simply running or done. */
export const summaryOf = (view: RunView): string => {
  const { runId, stages, startedAtMs, nowMs, state, answered, lostSeconds } = view;
  const count = (...states: StageView['state'][]): number =>
    stages.filter((stage) => states.includes(stage.state)).length;
  const parts = [
    ...stateOf(view),
    ...(stages.length > 0 ? [`${count('hit', 'done')} of ${plural(stages.length, 'stage')}`] : []),
    ...(count('hit') > 0 ? [plural(count('hit'), 'hit')] : []),
    ...(count('running') > 0 ? [`${count('running')} running`] : []),
    ...(count('failed', 'needs attention') > 0 ? [`${count('failed', 'needs attention')} failed`] : []),
    ...(count('skipped') > 0 ? [`${count('skipped')} skipped`] : []),
    formatDuration((nowMs - startedAtMs) / 1000),
    ...(lostSeconds >= worthTellingSeconds ? [`${formatDuration(lostSeconds)} lost to failures`] : []),
    ...(isUnderWay(state) && !answered ? [`no worker answers: "${commandLine('attach', runId)}" starts them`] : []),
  ];
  const what = stages.length === 0 && state === 'running' ? ['waiting for workers to start'] : parts;
  return `${runId}  ${what.join(' · ')}`;
};

const stateOf = (view: RunView): string[] => {
  const { state, again, aborted } = view;
  if (state === 'gone') return [`its workflow is gone: "${again}" takes it up again`];
  if (aborted) return [aborted.because ? `aborted (${oneLine(aborted.because)})` : 'aborted'];
  if (state === 'running' || state === 'done') return [];
  const wait = isUnderWay(state) ? budgetWait(view) : undefined;
  return [wait === undefined ? state : `${state}: ${wait}`];
};

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** Where a stage stands: its progress, what it waits for, its failure or its duration. */
export const stageText = (stage: StageView, nowMs: number): string => {
  const { state, failure, skipped, waitsFor, startedAtMs, endedAtMs } = stage;
  const seconds = ((endedAtMs ?? nowMs) - (startedAtMs ?? nowMs)) / 1000;
  if (state === 'failed' || state === 'needs attention') return `${failure?.code}: ${oneLine(failure?.message ?? '')}`;
  if (state === 'skipped') return oneLine(skipped?.because ?? '');
  if (state === 'hit') return 'found in the store';
  if (state === 'done') return [formatDuration(seconds), ...costOf(stage)].join(' · ');
  if (state === 'waiting' || state === 'blocked')
    return waitsFor.length > 0
      ? `${state === 'blocked' ? 'cannot run without' : 'waits for'} ${waitsFor.join(', ')}`
      : '';
  if (state === 'queued') return [waitOf(stage, nowMs), ...shardsOf(stage), ...triesOf(stage)].join(' · ');
  if (state === 'paused') return shardsOf(stage).join('');
  if (state === 'running')
    return [
      ...shardsOf(stage),
      ...workOf(stage),
      ...savedOf(stage, nowMs),
      formatDuration(seconds),
      ...silenceOf(stage, nowMs),
      ...triesOf(stage),
    ].join(' · ');
  return '';
};

/** What failures cost a stage that is done. */
const costOf = ({ attempts = 1, lostSeconds = 0 }: StageView): string[] => [
  ...(attempts > 1 ? [`${attempts} attempts`] : []),
  ...(lostSeconds >= worthTellingSeconds ? [`${formatDuration(lostSeconds)} lost`] : []),
];

const waitOf = ({ triesAtMs }: StageView, nowMs: number): string =>
  triesAtMs !== undefined && triesAtMs > nowMs
    ? `tries again in ${formatDuration((triesAtMs - nowMs) / 1000)}`
    : 'waits for a worker';

const triesOf = ({ attempt = 1, lastFailure }: StageView): string[] =>
  attempt > 1 ? [`attempt ${attempt}${lastFailure ? ` after: ${oneLine(lastFailure)}` : ''}`] : [];

const shardsOf = ({ shards }: StageView): string[] =>
  shards && shards.shards > 0 ? [`shard ${shards.done}/${shards.shards}`] : [];

/** Shorter waits and losses are no news. */
const worthTellingSeconds = 1;

const workOf = ({ heartbeat, shards }: StageView): string[] => {
  if (!heartbeat || heartbeat.steps === 0) return [];
  const { phase, step, steps, stepsPerSecond, etaSeconds, metrics, waitedSeconds = 0 } = heartbeat;
  // With several shards the end of one says little about the whole.
  const eta = etaSeconds !== undefined && !(shards && shards.shards > 1) ? [`${formatDuration(etaSeconds)} left`] : [];
  return [
    `${phase} ${step}/${steps}`,
    ...(stepsPerSecond === undefined ? [] : [formatSpeed(stepsPerSecond)]),
    ...eta,
    ...Object.entries(metrics ?? {}).map(([name, value]) => `${name} ${formatNumber(value)}`),
    ...(waitedSeconds >= worthTellingSeconds ? [`waited ${formatDuration(waitedSeconds)} for input`] : []),
  ];
};

/** From where a crash would continue, and from where this attempt did. */
const savedOf = ({ heartbeat }: StageView, nowMs: number): string[] => {
  const { checkpoint, resumedFrom } = heartbeat ?? {};
  return [
    ...(checkpoint
      ? [`checkpoint ${checkpoint.step}, ${formatDuration(Math.max(0, nowMs - checkpoint.atMs) / 1000)} old`]
      : []),
    ...(resumedFrom ? [`resumed from ${resumedFrom}`] : []),
  ];
};

/** Workers are heard of every ten seconds at least. */
const worthWorryingMs = 20_000;

const silenceOf = ({ heardAtMs }: StageView, nowMs: number): string[] =>
  heardAtMs !== undefined && nowMs - heardAtMs > worthWorryingMs
    ? [`silent for ${formatDuration((nowMs - heardAtMs) / 1000)}`]
    : [];

/** `▸ generator  train 1200/3000 · 4.1 step/s · …` */
const stageRow = (stage: StageView, nowMs: number): string[] => [
  `  ${marks[stage.state]} ${stage.id}`,
  stageText(stage, nowMs),
];

/** One line for logs: `generator running: train 1200/3000 · …` */
export const stageLine = (stage: StageView, nowMs: number): string => {
  const text = stageText(stage, nowMs);
  return `${stage.id} ${stage.state}${text ? `: ${text}` : ''}`;
};

/** Shown first where the terminal is too low for all. */
const urgency: readonly StageView['state'][] = [
  'failed',
  'needs attention',
  'running',
  'queued',
  'paused',
  'ready',
  'waiting',
  'blocked',
  'skipped',
  'cancelled',
  'done',
  'hit',
];

/** The whole run in at most `rows` lines of `columns` columns. */
export const runRows = (view: RunView, { columns, rows }: { columns: number; rows: number }): string[] => {
  const room = Math.max(1, rows - 1);
  const chosen =
    view.stages.length <= room
      ? view.stages
      : [...view.stages]
          .sort((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state))
          .slice(0, Math.max(0, room - 1))
          .sort((a, b) => view.stages.indexOf(a) - view.stages.indexOf(b));
  const left = view.stages.length - chosen.length;
  return [
    summaryOf(view),
    ...alignColumns(chosen.map((stage) => stageRow(stage, view.nowMs))),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ].map((line) => fitWidth(line, columns));
};
