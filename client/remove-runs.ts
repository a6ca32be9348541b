import { CemiflowError } from '../core/errors.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { findRun, isUnderWay } from './runs.ts';

/**
 * Removes runs; `gc` then removes what only they kept.
 *
 * @param force also runs that are under way by their documents
 * @returns their ids
 * @throws CemiflowError `UnknownRun`, `RunUnderWay`: then none is removed
 */
export const removeRuns = async (names: readonly string[], force: boolean, caller: Caller): Promise<string[]> => {
  const store = await connectStore(caller);
  const ids = new Set<string>();
  // All names are looked up before anything is removed: one may be wrong, or mean another run once the first is gone.
  for (const name of names) {
    // A damaged document keeps gc from working: it is removed by its whole id.
    const found = await findRun(store, name).catch((error) => {
      if (error.code !== 'RunCorrupt' || error.data?.id !== name) throw error;
    });
    const id = found?.id ?? name;
    if (found && isUnderWay(found.state) && !force)
      throw new CemiflowError('RunUnderWay', `${id} is ${found.state ?? 'running'}`, {
        remedy: `cemiflow cancel ${id} ends it; --force removes it anyway, where its workflow is gone`,
        data: { run: id, state: found.state ?? 'running' },
      });
    ids.add(id);
  }
  for (const id of ids) await store.removeRun(id);
  return [...ids];
};
