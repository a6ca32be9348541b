/** Marks every process that a program starts, whatever group or session it joins. */
export const markVariable: 'CEMIFLOW_TASK';

/**
 * Kills every process that was started with this mark in its environment. Linux alone: elsewhere only the process group is killed.
 *
 * @returns how many there were
 */
export const killStrays: (mark: string) => number;
/** @returns bytes that these processes have in memory together; what several share counts once */
export const memoryOf: (mark: string) => number;
