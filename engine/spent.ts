import type { ActionRecord, Machine, Spent } from '../core/action.ts';
import type { Attempt } from '../core/checkpoint.ts';
import { isoTime } from '../core/time.ts';
import type { Watch } from './watch.ts';

/** Starts a clock. @returns a function that reads it: when it was started, and what this process has used since */
export const startClock = () => {
  const startedAt = new Date();
  const before = process.cpuUsage();
  return () => {
    const endedAt = new Date();
    const { user, system } = process.cpuUsage(before);
    return {
      startedAt: isoTime(startedAt),
      endedAt: isoTime(endedAt),
      wallSeconds: (endedAt.getTime() - startedAt.getTime()) / 1000,
      cpuSeconds: (user + system) / 1e6,
    };
  };
};

/** What all tries at an action took together, from their starts to their ends. */
export const secondsOf = (attempts: readonly Attempt[]): number =>
  attempts.reduce((sum, { startedAt, endedAt }) => sum + (Date.parse(endedAt) - Date.parse(startedAt)) / 1000, 0);

/** What an action used, for its record. */
export const spent = (
  { wallSeconds, cpuSeconds }: Pick<Spent, 'wallSeconds' | 'cpuSeconds'>,
  { tensorflow }: Machine,
  watch: Watch,
): ActionRecord['spent'] => ({
  wallSeconds,
  cpuSeconds,
  // A GPU worker has its GPU to itself.
  ...(tensorflow?.device === 'gpu' && { gpuSeconds: wallSeconds }),
  peakMemoryBytes: watch.peakMemoryBytes(),
});
