import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { PlanNode } from '../core/plan.ts';
import { roleFor, taskQueue } from '../core/queues.ts';
import type { Bookkeeping } from '../engine/bookkeeping.ts';
import type { StageActivities } from '../engine/stage-activities.ts';
import type { RunSettings } from './types.ts';

/** Lost workers and network trouble; failures that are not retryable say so themselves. */
const retry: RetryPolicy = { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '2m' };

/** An orchestrator that is silent for longer counts as dead: the next one takes over. */
const orchestratorSilence = '15s';

/** Keys of one look-up: the answer holds about 300 bytes for each. */
export const lookupKeys = 500;

type Short = Omit<Bookkeeping, 'dropDamaged' | 'sealRun'>;

/** Run on the orchestrator's own queue: short, no tensors. A store that is away is waited for. */
export const bookkeeping = proxyActivities<Short>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: orchestratorSilence,
  retry,
});

/** For a run that is about to end, and would rather leave something unsaid than wait for a store that is away. */
export const lastBookkeeping = proxyActivities<Short>({
  scheduleToCloseTimeout: '10s',
  retry,
});

/** Read whole artifacts, or all records of a run: take as long as these are large. */
export const { dropDamaged, sealRun } = proxyActivities<Pick<Bookkeeping, 'dropDamaged' | 'sealRun'>>({
  startToCloseTimeout: '1d',
  heartbeatTimeout: orchestratorSilence,
  retry,
});

/** Stage work. A worker that is silent for a minute counts as dead; a stage may take days. */
const stageOptions: ActivityOptions = {
  startToCloseTimeout: '7d',
  heartbeatTimeout: '60s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // A stage that kills its worker each time must come to an end, which is to wait for a person.
  retry: { ...retry, maximumAttempts: 20 },
};

const stages = proxyActivities<StageActivities>(stageOptions);

/** The queue that a node's work waits on. */
export const queueOf = (node: Pick<PlanNode, 'resource'>, { device, build }: RunSettings): string =>
  taskQueue(roleFor(node.resource, device), build);

/** One stage activity on its queue, under the name that people see. */
export const callStage = <Name extends keyof StageActivities>(
  name: Name,
  options: {
    readonly id: string;
    readonly queue: string;
    readonly summary: string;
    readonly heartbeatSeconds?: number;
    /** `Ready.priority` */
    readonly priority?: number;
  },
  ...args: Parameters<StageActivities[Name]>
): Promise<Awaited<ReturnType<StageActivities[Name]>>> => {
  const { id, queue, summary, heartbeatSeconds, priority } = options;
  const own: ActivityOptions = {
    ...stageOptions,
    activityId: id,
    taskQueue: queue,
    summary,
    priority: { priorityKey: priority },
  };
  if (heartbeatSeconds !== undefined) own.heartbeatTimeout = heartbeatSeconds * 1000;
  // The proxy's methods all have this shape; TypeScript cannot follow it through the mapped type.
  const { executeWithOptions } = stages[name] as never as {
    executeWithOptions(options: ActivityOptions, args: unknown[]): Promise<never>;
  };
  return executeWithOptions(own, args);
};
