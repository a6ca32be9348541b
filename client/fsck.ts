import { replay } from '../engine/replay/client.ts';
import { knownFolders } from '../engine/replay/places.ts';
import { type Repair, repair } from '../provenance/repair/index.ts';
import { projectDir } from '../services/paths.ts';
import { type Flaw, type FsckResult, fsck as readAll } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { connectPlace } from './connect.ts';

/** What is wrong with the store. */
export interface Fsck extends FsckResult {
  /** What became of each flaw, where they were to be repaired. */
  readonly repairs?: readonly Repair[];
  /** The flaws that are left. */
  readonly left: readonly Flaw[];
}

/** Reads every object of the store again. @param repairs whether damaged and missing objects are made again */
export const fsck = async (repairs: boolean, caller: Caller): Promise<Fsck> => {
  const { env, signal, on } = caller;
  const { store, place } = await connectPlace(caller);
  const tell = (what: string): void => on({ kind: 'step', what });
  const found = await readAll(store.objects, tell);
  if (!repairs) return { ...found, left: found.flaws };
  const done = await repair(found.flaws, {
    store,
    checkout: projectDir,
    tell,
    rebuild: async function* (jobs) {
      const folders = await knownFolders(store, caller.cwd);
      yield* replay(jobs, { store: place, mode: 'rebuild', folders, env, signal });
    },
  });
  const left = done.filter(({ outcome }) => outcome === 'cannot').map(({ flaw }) => flaw);
  return { ...found, repairs: done, left };
};
