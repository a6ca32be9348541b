import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStart } from '../setup/lock.mjs';
import { homeVariable, workerGraceMs } from './config.ts';
import type { Paths } from './paths.ts';

/** A process that a supervisor of this home started; `start` tells it from a later process with the same pid. */
export interface Orphan {
  readonly pid: number;
  readonly start: string;
  readonly command: string;
}

/**
 * Finds processes by the mark in the environment that they were started with. Pid files alone would not do: they may
 * name a pid that now belongs to somebody else, and a supervisor killed between two lines has not written one.
 */
export const findOrphans = (home: string): Orphan[] => {
  const mark = `\0${homeVariable}=${home}\0`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((entry): Orphan[] => {
      const pid = Number(entry);
      const start = processStart(pid);
      if (start === undefined || !`\0${read(`/proc/${pid}/environ`)}`.includes(mark)) return [];
      return [{ pid, start, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }];
    });
};

/** Stops what a killed supervisor left behind: workers first, so that they can still report to the servers. */
export const stopOrphans = async (paths: Paths, graceMs = workerGraceMs): Promise<Orphan[]> => {
  const orphans = findOrphans(paths.home);
  const isServer = (orphan: Orphan): boolean => / server (start-dev|--quiet) /.test(`${orphan.command} `);
  await stopAll(
    orphans.filter((orphan) => !isServer(orphan)),
    graceMs,
  );
  await stopAll(orphans.filter(isServer), graceMs);
  rmSync(paths.pids, { recursive: true, force: true });
  rmSync(join(paths.socket), { force: true });
  return orphans;
};

const stopAll = async (orphans: readonly Orphan[], graceMs: number): Promise<void> => {
  const living = (): Orphan[] => orphans.filter((orphan) => processStart(orphan.pid) === orphan.start);
  for (const orphan of living()) signal(orphan.pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (living().length > 0 && Date.now() < deadline) await sleep(50);
  for (const orphan of living()) signal(orphan.pid, 'SIGKILL');
  while (living().length > 0) await sleep(20);
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
};

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
