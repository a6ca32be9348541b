import { diffRuns, type RunDiff } from '../provenance/diff/index.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { lineageOf } from './lineage.ts';
import { findRun } from './runs.ts';

/** What differs between two runs, and the first cause of each difference. @throws CemiflowError `UnknownRun` */
export const diff = async (first: string, second: string, caller: Caller): Promise<RunDiff> => {
  const store = await connectStore(caller);
  const before = await lineageOf(store, await findRun(store, first));
  const now = await lineageOf(store, await findRun(store, second));
  return diffRuns(before, now, store);
};
