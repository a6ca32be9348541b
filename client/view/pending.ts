import { type Client, defaultPayloadConverter, type WorkflowExecutionDescription } from '@temporalio/client';
import type { Heartbeat } from '../../engine/watch.ts';
import type { ShardsProgress } from '../../workflows/types.ts';

/** What Temporal and the workers say of a stage under way. Times in ms since the epoch. */
export interface Pending {
  /** Whether a worker has it. */
  readonly started: boolean;
  readonly heartbeat?: Heartbeat;
  /** From 1; more than 1 after a retry. */
  readonly attempt?: number;
  readonly lastFailure?: string;
  /** When its worker was last heard of. */
  readonly heardAtMs?: number;
  /** When the next attempt begins, where it waits for that. */
  readonly triesAtMs?: number;
  /** Work that failures have cost so far; of all shards under way, where it has shards. */
  readonly lostSeconds?: number;
  readonly shards?: ShardsProgress;
}

/** How long a worker may take to answer a query. */
const queryMs = 5_000;

/** Undefined while no worker answers: it may be starting, or busy. */
export const askProgress = async <T>(client: Client, workflowId: string): Promise<T | undefined> => {
  try {
    return await client.withDeadline(Date.now() + queryMs, () =>
      client.workflow.getHandle(workflowId).query<T>('progress'),
    );
  } catch {
    return undefined;
  }
};

/** Of each stage under way, by the id of its node. */
export const pendingStages = async (
  client: Client,
  description: WorkflowExecutionDescription,
): Promise<Map<string, Pending>> => {
  const children = await Promise.all(
    (description.raw.pendingChildren ?? []).map(({ workflowId }) => childOf(client, workflowId ?? '')),
  );
  return new Map([...pendingOf(description), ...children.flat()]);
};

/** Pending activities by activity id, with their last heartbeat. */
const pendingOf = ({ raw }: WorkflowExecutionDescription): [string, Pending][] =>
  (raw.pendingActivities ?? []).map((activity) => {
    const payload = activity.heartbeatDetails?.payloads?.[0];
    const heartbeat = payload ? defaultPayloadConverter.fromPayload<Heartbeat>(payload) : undefined;
    // 2: PENDING_ACTIVITY_STATE_STARTED
    const started = activity.state === 2;
    return [
      activity.activityId ?? '',
      {
        ...{ started, heartbeat, attempt: activity.attempt ?? 1, lostSeconds: heartbeat?.lostSeconds },
        lastFailure: activity.lastFailure?.message ?? undefined,
        heardAtMs: started ? timeOf(activity.lastHeartbeatTime ?? activity.lastStartedTime) : undefined,
        triesAtMs: started ? undefined : timeOf(activity.nextAttemptScheduleTime),
      },
    ];
  });

/** A sharded stage: of the running shards, the one that has come furthest is shown. */
const childOf = async (client: Client, workflowId: string): Promise<[string, Pending][]> => {
  const [description, shards] = await Promise.all([
    // It may have ended just now.
    client.workflow
      .getHandle(workflowId)
      .describe()
      .catch(() => undefined),
    askProgress<ShardsProgress>(client, workflowId),
  ]);
  if (!description || !shards) return [];
  const pending = pendingOf(description).map(([, activity]) => activity);
  const busy = pending.filter(({ started }) => started);
  const lead = busy.sort((a, b) => share(b.heartbeat) - share(a.heartbeat))[0] ?? pending[0];
  const lostSeconds = pending.reduce((sum, shard) => sum + (shard.lostSeconds ?? 0), 0);
  return [[shards.nodeId, { ...lead, started: busy.length > 0, shards, lostSeconds }]];
};

const share = (heartbeat?: Heartbeat): number => (heartbeat?.steps ? heartbeat.step / heartbeat.steps : 0);

interface Timestamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

const timeOf = (time: Timestamp | null | undefined): number | undefined =>
  time?.seconds ? Number(time.seconds) * 1000 + Math.round((time.nanos ?? 0) / 1e6) : undefined;
