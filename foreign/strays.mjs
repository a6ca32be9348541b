import { readdirSync, readFileSync } from 'node:fs';

/** Marks every process that a program starts, whatever group or session it joins. */
export const markVariable = 'CEMIFLOW_TASK';

/**
 * Kills every process that was started with this mark in its environment. Linux alone: elsewhere only the process group is killed.
 *
 * @param {string} mark
 * @returns {number} how many there were
 */
export const killStrays = (mark) => {
  const found = markedWith(mark);
  for (const pid of found) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended in the meantime.
    }
  }
  return found.length;
};

/**
 * What these processes have in memory together; what several share counts once.
 *
 * @param {string} mark
 * @returns {number} bytes
 */
export const memoryOf = (mark) =>
  markedWith(mark).reduce((sum, pid) => {
    const [, kilobytes = '0'] = /^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/smaps_rollup`)) ?? [];
    return sum + 1024 * Number(kilobytes);
  }, 0);

const markedWith = (mark) => {
  const wanted = `\0${markVariable}=${mark}\0`;
  const own = String(process.pid);
  return entriesOf('/proc').filter((pid) => pid !== own && `\0${textOf(`/proc/${pid}/environ`)}`.includes(wanted));
};

const entriesOf = (folder) => {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
};

const textOf = (path) => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
