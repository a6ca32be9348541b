const shortestPauseMs = 5_000;
const bytesToDouble = 2 * 2 ** 20;

/**
 * When the next of many copies is due that stay in a history for ever: pauses double with every 2 MiB written. Small copies come
 * every five seconds, and of large ones there are few, so that a month of bad news takes less than 40 of a history's 50 MB.
 */
export class Pace {
  #dueAtMs = 0;
  #bytes = 0;

  /** @returns ms until the next copy is due; 0 where it is */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#dueAtMs - nowMs);
  }

  wrote(bytes: number, nowMs: number): void {
    this.#bytes += bytes;
    this.#dueAtMs = nowMs + Math.round(shortestPauseMs * 2 ** (this.#bytes / bytesToDouble));
  }
}
