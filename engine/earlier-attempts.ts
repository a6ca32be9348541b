import { isoTime } from '../core/time.ts';
import type { OpenAttempt } from '../store/index.ts';
import type { Heartbeat } from './watch.ts';

/** Gives every attempt an end: those that wrote none were lost, at the time and step of their last heartbeat. */
export const closed = (attempts: readonly OpenAttempt[], before: Heartbeat | undefined): OpenAttempt[] => {
  const known = attempts.some(({ id }) => id === before?.attemptId);
  const all = before && !known ? [...attempts, fromHeartbeat(before)] : attempts;
  return all.map((attempt) => {
    if (attempt.end !== undefined) return attempt;
    const last = attempt.id === before?.attemptId ? before : undefined;
    const toStep = Math.max(attempt.toStep ?? 0, last?.toStep ?? 0);
    const endedAt = last ? isoTime(last.atMs) : (attempt.checkpointedAt ?? attempt.startedAt);
    return { ...attempt, ...(attempt.toStep === undefined && !last?.toStep ? {} : { toStep }), endedAt, end: 'lost' };
  });
};

const fromHeartbeat = ({
  attemptId,
  attempt,
  host,
  pid,
  startedAtMs,
  toStep,
  resumedFrom,
}: Heartbeat): OpenAttempt => ({
  id: attemptId,
  attempt,
  host,
  pid,
  startedAt: isoTime(startedAtMs),
  ...(resumedFrom === undefined ? {} : { fromStep: resumedFrom }),
  ...(toStep === undefined ? {} : { toStep }),
  warnings: [],
});

/** Seconds of work that no checkpoint has kept: of each ended attempt, from its last checkpoint, or else its start, to its end. */
export const lostSeconds = (attempts: readonly OpenAttempt[]): number =>
  attempts.reduce((sum, { startedAt, checkpointedAt, endedAt }) => {
    if (endedAt === undefined) return sum;
    return sum + Math.max(0, Date.parse(endedAt) - Date.parse(checkpointedAt ?? startedAt)) / 1000;
  }, 0);
