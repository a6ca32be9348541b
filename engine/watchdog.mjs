// A separate thread: it keeps looking while the main thread hangs in a native call. Plain Node, so that it starts at once.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { turns, lookMs, looks } = workerData;
let seen = Atomics.load(turns, 0);
let stood = 0;

// Looks are counted, not seconds: a process that was stopped for a while and continues has not hung.
setInterval(() => {
  const now = Atomics.load(turns, 0);
  stood = now === seen ? stood + 1 : 0;
  seen = now;
  if (stood < looks) return;
  // By the file itself: the stream of a thread goes through the main thread.
  writeSync(
    2,
    `watchdog: the main thread has stood still for ${Math.round((looks * lookMs) / 1000)} s, killing this process\n`,
  );
  process.kill(process.pid, 'SIGKILL');
}, lookMs);
