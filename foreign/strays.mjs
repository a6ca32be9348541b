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
  const wanted = `\0${markVariable}=${mark}\0`;
  const own = String(process.pid);
  const found = entriesOf('/proc').filter(
    (pid) => pid !== own && `\0${textOf(`/proc/${pid}/environ`)}`.includes(wanted),
  );
  for (const pid of found) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended in the meantime.
    }
  }
  return found.length;
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
