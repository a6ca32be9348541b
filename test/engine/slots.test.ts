import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { patientSlots } from '../../engine/slots.ts';

const [longMs, pauseMs] = [30_000, 700];
const slotInfo: ActivitySlotInfo = { type: 'activity', activityType: 'runStage' };

let slots: CustomSlotSupplier<ActivitySlotInfo>;
let reserved: SlotPermit[];
beforeEach(() => {
  vi.useFakeTimers();
  slots = patientSlots(1, { longMs, pauseMs });
  reserved = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const reserve = (signal = new AbortController().signal): Promise<void> =>
  slots.reserveSlot({} as never, signal).then((permit) => void reserved.push(permit));
const use = (ms: number): void => {
  const permit = reserved[0] as SlotPermit;
  slots.markSlotUsed({ slotInfo, permit });
  vi.advanceTimersByTime(ms);
  slots.releaseSlot({ slotInfo, permit });
};

it('gives one slot after the other, at once where work was short', async () => {
  await reserve();
  const second = reserve();
  await vi.advanceTimersByTimeAsync(0);
  expect(reserved).toHaveLength(1);
  expect(slots.tryReserveSlot({} as never)).toBeNull();
  use(longMs - 1);
  await second;
  expect(reserved).toHaveLength(2);
  expect(slots.tryReserveSlot({} as never)).toBeNull();
});

it('waits after long work, and not after a poll that found none', async () => {
  await reserve();
  const second = reserve();
  use(longMs);
  await vi.advanceTimersByTimeAsync(pauseMs - 1);
  expect(reserved).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  await second;
  slots.releaseSlot({ permit: reserved[1] as SlotPermit });
  expect(slots.tryReserveSlot({} as never)).not.toBeNull();
});

it('forgets who gave up waiting', async () => {
  await reserve();
  const gone = new AbortController();
  const left = reserve(gone.signal);
  const right = reserve();
  gone.abort();
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  use(1);
  await right;
  expect(reserved).toHaveLength(2);
});
