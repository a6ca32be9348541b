import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * When the kernel started process `pid`, in clock ticks since boot: with the pid it names one process for good.
 * Undefined when the process is gone (or a zombie).
 */
export const processStart = (pid) => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
};

/** Whether the process that wrote `{pid, start}` still runs. */
export const isAlive = (holder) => holder !== undefined && processStart(holder.pid) === holder.start;

/** Who holds the lock file now: undefined when there is none, or when it is not ours to read. */
export const lockHolder = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

let counter = 0;

/**
 * Takes the lock file `path`, waiting for a live holder and taking over from a dead one.
 *
 * The file appears with its content in one step (`link`), so a lock never looks empty. A dead holder's file is removed
 * only by the one process that made the claim file named after it, and after looking again.
 *
 * @param options.onWait called once with the holder, when there is one to wait for
 * @param options.timeoutMs gives up after this long
 * @returns release
 */
export const acquireLock = async (path, { onWait = () => {}, timeoutMs = Number.POSITIVE_INFINITY } = {}) => {
  mkdirSync(dirname(path), { recursive: true });
  const me = { pid: process.pid, start: processStart(process.pid), token: `${process.pid}-${Date.now()}-${counter++}` };
  const mine = `${path}.${me.token}`;
  const deadline = Date.now() + timeoutMs;
  let waited = false;
  writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  try {
    while (true) {
      try {
        linkSync(mine, path);
        return () => {
          if (lockHolder(path)?.token === me.token) rmSync(path, { force: true });
        };
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = lockHolder(path);
      if (holder !== undefined && !isAlive(holder)) removeStale(path, holder);
      else if (holder !== undefined && !waited) {
        waited = true;
        onWait(holder);
      }
      if (Date.now() > deadline) throw new Error(`${path} is held by process ${holder?.pid}`);
      await sleep(50);
    }
  } finally {
    rmSync(mine, { force: true });
  }
};

const removeStale = (path, holder) => {
  const claim = `${path}.stale-${holder.token}`;
  try {
    writeFileSync(claim, '', { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    // Whoever claimed it removes it at once; a claim that stays was left by a process that died in between.
    try {
      if (Date.now() - statSync(claim).mtimeMs > 10_000) rmSync(claim, { force: true });
    } catch {}
    return;
  }
  if (lockHolder(path)?.token === holder.token) rmSync(path, { force: true });
  rmSync(claim, { force: true });
};
