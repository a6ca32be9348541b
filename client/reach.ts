import type { Endpoints } from '../services/types.ts';
import { openStore, type RunDocument, type Store } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { ensureServices, knownEndpoints } from './connect.ts';
import { findRun } from './runs.ts';

/** A run, and the servers that know of it. */
export interface ReachedRun {
  readonly endpoints: Endpoints;
  readonly store: Store;
  readonly run: RunDocument;
}

/** Finds a run, starting the servers where they are not up. @throws CemiflowError `UnknownRun` */
export const reachRun = async (name: string, caller: Caller): Promise<ReachedRun> =>
  reachAt(await ensureServices(caller), name);

/** Finds a run on servers that are up already. @throws CemiflowError `UnknownRun`, `ServicesNotUp`, `StoreUnreachable` */
export const lookUpRun = (name: string, caller: Pick<Caller, 'home' | 'env'>): Promise<ReachedRun> =>
  reachAt(knownEndpoints(caller), name);

const reachAt = async (endpoints: Endpoints, name: string): Promise<ReachedRun> => {
  const store = await openStore(endpoints.s3);
  return { endpoints, store, run: await findRun(store, name) };
};
