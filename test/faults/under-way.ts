import { type Client, defaultPayloadConverter } from '@temporalio/client';
import type { Heartbeat } from '../../engine/watch.ts';

/** A stage activity that a worker has taken. */
export interface UnderWay {
  /** Temporal's name of it: the node's id, with `/…` behind it for a part of a sharded one. */
  readonly id: string;
  /** Of the worker process. */
  readonly pid: number;
  readonly attempt: number;
  readonly startedAtMs: number;
  /** When the server got the last heartbeat of this attempt. */
  readonly heartbeatAtMs?: number;
  readonly heartbeat?: Heartbeat;
}

const answerMs = 2_000;

/** What workers do for a run and its sharded stages; nothing where Temporal does not answer or knows no such run. */
export const underWay = async (client: Client, runId: string): Promise<UnderWay[]> => {
  try {
    return await client.withDeadline(Date.now() + answerMs, () => describe(client, runId));
  } catch {
    return [];
  }
};

const describe = async (client: Client, workflowId: string): Promise<UnderWay[]> => {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const children = await Promise.all(
    (raw.pendingChildren ?? []).map((child) => describe(client, child.workflowId ?? '')),
  );
  const own = (raw.pendingActivities ?? []).flatMap((activity): UnderWay[] => {
    // `cpu-1234@<build>`
    const [, pid] = /^(?:cpu|gpu)-(\d+)@/.exec(activity.lastWorkerIdentity ?? '') ?? [];
    // 2: PENDING_ACTIVITY_STATE_STARTED
    if (activity.state !== 2 || pid === undefined) return [];
    const payload = activity.heartbeatDetails?.payloads?.[0];
    return [
      {
        id: activity.activityId ?? '',
        pid: Number(pid),
        attempt: activity.attempt ?? 1,
        startedAtMs: msOf(activity.lastStartedTime) ?? Date.now(),
        heartbeatAtMs: msOf(activity.lastHeartbeatTime),
        heartbeat: payload ? defaultPayloadConverter.fromPayload<Heartbeat>(payload) : undefined,
      },
    ];
  });
  return [...own, ...children.flat()];
};

type Timestamp = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

/** A protobuf time in ms since the epoch. */
export const msOf = (time: Timestamp): number | undefined =>
  time ? Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6 : undefined;
