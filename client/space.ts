import { type GcResult, gc, type Usage, usage } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';

/** How full the store is, and what each run and pin keeps. */
export const diskUsage = async (caller: Caller): Promise<Usage> => usage(await connectStore(caller));

export interface GcRequest {
  /** Whether it removes anything; otherwise it only says what it would remove. */
  readonly remove: boolean;
  /** Younger objects stay: they may belong to work that has no record yet. Default 3600. */
  readonly graceSeconds?: number;
}

/** Finds, or removes, what no run, pin or live action needs. Safe beside running experiments. */
export const collectGarbage = async ({ remove, graceSeconds = 3600 }: GcRequest, caller: Caller): Promise<GcResult> => {
  const { on, signal } = caller;
  const tell = (what: string): void => on({ kind: 'step', what });
  return gc(await connectStore(caller), { graceSeconds, dryRun: !remove, tell, signal });
};
