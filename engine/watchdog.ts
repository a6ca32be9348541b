import { Worker } from 'node:worker_threads';

/** How often the thread looks within its patience. */
const looks = 30;

/**
 * Kills this process where its main thread stands still: an op that never returns. To Temporal the worker is lost then, and
 * its stage is tried elsewhere; but the process would hold its place for ever, and no supervisor would start another.
 * Keeps no process alive.
 *
 * @param patienceMs how long the main thread may stand still; the longest step must be shorter
 * @returns stops it
 */
export const startWatchdog = (patienceMs: number): (() => void) => {
  const lookMs = patienceMs / looks;
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const timer = setInterval(() => Atomics.add(turns, 0, 1), lookMs / 2);
  timer.unref();
  const thread = new Worker(new URL('./watchdog.mjs', import.meta.url), {
    workerData: { turns, lookMs, looks },
    // Without the hooks that read TypeScript.
    execArgv: [],
  });
  thread.unref();
  return () => {
    clearInterval(timer);
    void thread.terminate();
  };
};
