import { type Action, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';

/** A record as a worker of no particular machine would leave it. */
export const recordOf = (action: Action, outputs: Outputs, more: Partial<ActionRecord> = {}): ActionRecord => ({
  key: actionKey(action),
  action,
  outputs,
  source: { code: { type: 'code', digest: digestOf('source') } },
  machine: { host: 'host', platform: 'linux', cpu: 'cpu', cores: 2, node: 'v20' },
  startedAt: '2026-01-01T00:00:00+00:00',
  endedAt: '2026-01-01T00:00:01+00:00',
  spent: { wallSeconds: 1, cpuSeconds: 1, peakMemoryBytes: 1 },
  attempts: [],
  workflowId: 'w',
  runId: 'r',
  build: 'b',
  ...more,
});
