import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';

interface Permit extends SlotPermit {
  usedAtMs?: number;
}

/** How slots of stages are given back. */
export interface SlotTimes {
  /** Work of at least so long is followed by a pause. */
  readonly longMs: number;
  /** What it made may let more urgent work start: how long until that is in the queue. */
  readonly pauseMs: number;
}

/**
 * So many stages at once. A worker that has finished a long one waits a moment before it takes the next: what the long one made ready
 * reaches the queue half a second later, and may be what all else waits for, while the queue holds only work that nobody waits for.
 */
export const patientSlots = (
  slots: number,
  { longMs, pauseMs }: SlotTimes = { longMs: 30_000, pauseMs: 700 },
): CustomSlotSupplier<ActivitySlotInfo> => {
  let free = slots;
  const waiting: (() => void)[] = [];
  const give = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    type: 'custom',
    reserveSlot: (_context, signal) =>
      new Promise<Permit>((resolve, reject) => {
        if (free > 0) {
          free--;
          return resolve({});
        }
        const take = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve({});
        };
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(take), 1);
          reject(signal.reason);
        };
        waiting.push(take);
        signal.addEventListener('abort', giveUp, { once: true });
      }),
    tryReserveSlot: () => {
      if (free === 0) return null;
      free--;
      return {};
    },
    markSlotUsed: ({ permit }) => {
      (permit as Permit).usedAtMs = performance.now();
    },
    releaseSlot: ({ permit }) => {
      const { usedAtMs } = permit as Permit;
      const wasLong = usedAtMs !== undefined && performance.now() - usedAtMs >= longMs;
      if (wasLong) setTimeout(give, pauseMs);
      else give();
    },
  };
};
