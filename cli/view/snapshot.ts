import { type Client, defaultPayloadConverter, type WorkflowExecutionDescription } from '@temporalio/client';
import type { Heartbeat } from '../../activities/watch.ts';
import type { NodeProgress, NodeState, PartsProgress, RunProgress } from '../../workflows/types.ts';

/** One stage as people see it: what the workflow knows, and what its activities said last. */
export interface StageView extends Omit<NodeProgress, 'state'> {
  /** `queued`: asked for, but no worker has taken it yet. */
  readonly state: NodeState | 'queued';
  readonly heartbeat?: Heartbeat;
  /** From 1; more than 1 after a retry. */
  readonly attempt?: number;
  readonly lastFailure?: string;
  readonly parts?: PartsProgress;
}

export type RunEnd = 'running' | 'done' | 'failed' | 'cancelled';

export interface RunView {
  readonly runId: string;
  readonly experiment: string;
  readonly state: RunEnd;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** What keeps the orchestrator from going on. */
  readonly trouble?: string;
  /** Empty until a worker has answered for the first time. */
  readonly stages: readonly StageView[];
}

const ends: { readonly [status: string]: RunEnd } = {
  RUNNING: 'running',
  CONTINUED_AS_NEW: 'running',
  COMPLETED: 'done',
  CANCELLED: 'cancelled',
  TERMINATED: 'cancelled',
};

/** How long a worker may take to answer a query. */
const queryMs = 5_000;

/** @param before the last view: stands where no worker answers for the moment */
export const takeSnapshot = async (client: Client, runId: string, before?: RunView): Promise<RunView> => {
  const handle = client.workflow.getHandle(runId);
  const description = await handle.describe();
  const progress = await askProgress<RunProgress>(client, runId);
  const children = await Promise.all(
    (description.raw.pendingChildren ?? []).map(({ workflowId }) => childView(client, workflowId ?? '')),
  );
  const pending = new Map([...pendingOf(description), ...children.flatMap((child) => child ?? [])]);
  return {
    runId,
    experiment: progress?.experiment ?? before?.experiment ?? runId.replace(/-[0-9a-f]{12}$/, ''),
    state: ends[description.status.name] ?? 'failed',
    startedAtMs: description.startTime.getTime(),
    nowMs: Date.now(),
    trouble: troubleOf(description),
    stages: progress ? progress.nodes.map((node) => stageView(node, pending.get(node.id))) : (before?.stages ?? []),
  };
};

/** A workflow task that fails again and again: a bug in a workflow, which no retry mends. */
const troubleOf = ({ raw }: WorkflowExecutionDescription): string | undefined => {
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  return attempt > 4 ? 'the orchestrator cannot go on with this run: see worker-orchestrator-0.log' : undefined;
};

interface Pending {
  readonly started: boolean;
  readonly heartbeat?: Heartbeat;
  readonly attempt?: number;
  readonly lastFailure?: string;
  readonly parts?: PartsProgress;
}

const stageView = (node: NodeProgress, pending: Pending | undefined): StageView => {
  if (node.state !== 'running') return node;
  const { started = false, ...rest } = pending ?? {};
  return { ...node, ...rest, state: started ? 'running' : 'queued' };
};

/** Pending activities by activity id, with their last heartbeat. */
const pendingOf = ({ raw }: WorkflowExecutionDescription): [string, Pending][] =>
  (raw.pendingActivities ?? []).map((activity) => {
    const payload = activity.heartbeatDetails?.payloads?.[0];
    return [
      activity.activityId ?? '',
      {
        // 2: PENDING_ACTIVITY_STATE_STARTED
        started: activity.state === 2,
        attempt: activity.attempt ?? 1,
        heartbeat: payload ? defaultPayloadConverter.fromPayload<Heartbeat>(payload) : undefined,
        lastFailure: activity.lastFailure?.message ?? undefined,
      },
    ];
  });

/** A sharded stage: the part that has come furthest stands for the running ones. */
const childView = async (client: Client, workflowId: string): Promise<[string, Pending][]> => {
  const [description, parts] = await Promise.all([
    client.workflow.getHandle(workflowId).describe(),
    askProgress<PartsProgress>(client, workflowId),
  ]);
  if (!parts) return [];
  const pending = pendingOf(description).map(([, activity]) => activity);
  const busy = pending.filter(({ started }) => started);
  const lead = busy.sort((a, b) => share(b.heartbeat) - share(a.heartbeat))[0] ?? pending[0];
  return [[parts.nodeId, { ...lead, started: busy.length > 0, parts }]];
};

const share = (heartbeat?: Heartbeat): number => (heartbeat?.steps ? heartbeat.step / heartbeat.steps : 0);

/** Undefined while no worker answers: it may be starting, or busy. */
const askProgress = async <T>(client: Client, workflowId: string): Promise<T | undefined> => {
  try {
    return await client.withDeadline(Date.now() + queryMs, () =>
      client.workflow.getHandle(workflowId).query<T>('progress'),
    );
  } catch {
    return undefined;
  }
};
