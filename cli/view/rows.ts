import { alignColumns, fitWidth, formatDuration, formatNumber, formatSpeed } from './format.ts';
import type { RunView, StageView } from './snapshot.ts';

const marks: { readonly [state in StageView['state']]: string } = {
  waiting: '·',
  ready: '·',
  queued: '…',
  running: '▸',
  hit: '=',
  done: '✓',
  failed: '✗',
  blocked: '–',
  cancelled: '–',
};

/** `7 of 23 stages · 3 running · 1 failed · 12m 04s`; `cancelled · 7 of 23 stages · …` where somebody ended it. */
export const summaryOf = ({ runId, stages, startedAtMs, nowMs, state }: RunView): string => {
  const count = (...states: StageView['state'][]): number =>
    stages.filter((stage) => states.includes(stage.state)).length;
  const parts = [
    ...(state === 'cancelled' ? ['cancelled'] : []),
    ...(stages.length > 0 ? [`${count('hit', 'done')} of ${stages.length} stages`] : []),
    ...(count('hit') > 0 ? [`${count('hit')} hits`] : []),
    ...(count('running') > 0 ? [`${count('running')} running`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} failed`] : []),
    formatDuration((nowMs - startedAtMs) / 1000),
  ];
  const what = stages.length === 0 && state === 'running' ? ['waiting for workers to start'] : parts;
  return `${runId}  ${what.join(' · ')}`;
};

/** What a stage is about: progress, reason of waiting, failure or duration. */
export const describeStage = (stage: StageView, nowMs: number): string => {
  const { state, failure, waitsFor, startedAtMs, endedAtMs, attempt = 1, lastFailure } = stage;
  const tries =
    attempt > 1 ? [`attempt ${attempt}${lastFailure ? ` after: ${lastFailure.replace(/\s+/g, ' ')}` : ''}`] : [];
  if (state === 'failed') return `${failure?.code}: ${failure?.message.replace(/\s+/g, ' ')}`;
  if (state === 'hit') return 'found in the store';
  if (state === 'done') return formatDuration(((endedAtMs ?? nowMs) - (startedAtMs ?? nowMs)) / 1000);
  if (state === 'waiting' || state === 'blocked')
    return waitsFor.length > 0
      ? `${state === 'blocked' ? 'cannot run without' : 'waits for'} ${waitsFor.join(', ')}`
      : '';
  if (state === 'queued') return ['waits for a worker', ...partsOf(stage), ...tries].join(' · ');
  if (state === 'running')
    return [
      ...partsOf(stage),
      ...workOf(stage),
      formatDuration((nowMs - (startedAtMs ?? nowMs)) / 1000),
      ...tries,
    ].join(' · ');
  return '';
};

const partsOf = ({ parts }: StageView): string[] =>
  parts && parts.parts > 0 ? [`part ${parts.done}/${parts.parts}`] : [];

/** Shorter waits for input are no news. */
const worthTellingSeconds = 1;

const workOf = ({ heartbeat, parts }: StageView): string[] => {
  if (!heartbeat || heartbeat.steps === 0) return [];
  const { phase, step, steps, stepsPerSecond, etaSeconds, metrics, waitedSeconds = 0 } = heartbeat;
  // With several parts the end of one says little about the whole.
  const eta = etaSeconds !== undefined && !(parts && parts.parts > 1) ? [`${formatDuration(etaSeconds)} left`] : [];
  return [
    `${phase} ${step}/${steps}`,
    ...(stepsPerSecond === undefined ? [] : [formatSpeed(stepsPerSecond)]),
    ...eta,
    ...Object.entries(metrics ?? {}).map(([name, value]) => `${name} ${formatNumber(value)}`),
    ...(waitedSeconds >= worthTellingSeconds ? [`waited ${formatDuration(waitedSeconds)} for input`] : []),
  ];
};

/** `▸ generator  train 1200/3000 · 4.1 step/s · …` */
const stageRow = (stage: StageView, nowMs: number): string[] => [
  `  ${marks[stage.state]} ${stage.id}`,
  describeStage(stage, nowMs),
];

/** One line for logs: `generator running: train 1200/3000 · …` */
export const stageLine = (stage: StageView, nowMs: number): string => {
  const text = describeStage(stage, nowMs);
  return `${stage.id} ${stage.state}${text ? `: ${text}` : ''}`;
};

/** Shown first where the terminal is too low for all. */
const urgency: readonly StageView['state'][] = [
  'failed',
  'running',
  'queued',
  'ready',
  'waiting',
  'blocked',
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
