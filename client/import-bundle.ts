import { resolve } from 'node:path';
import { lanes, mapBounded } from '../core/bounded.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { openRun } from '../engine/seal.ts';
import { holdingsOf } from '../provenance/export/held.ts';
import { copyRun } from '../provenance/export/objects.ts';
import { openBundle } from './audit-bundle.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';

/** A run that is in the store now. */
export interface ImportedRun {
  readonly run: string;
  readonly root: Digest;
  /** Its actions: as many are hits from now on, of whatever spec. */
  readonly actions: number;
  /** Files that the bundle does without and the store has not: made again where something needs them. */
  readonly leftOut: number;
}

/**
 * Takes a run with all its results from a bundle into the store. What the bundle does without counts as made, and is made again
 * where something needs it. Every byte is rehashed on the way; whether the results are right is for `audit` to say, before or after.
 *
 * @param folder what `export RUN --bundle` wrote
 * @throws CemiflowError `Usage`, `BundleInvalid`, `BundleFormat`, `BundleIncomplete`, `RunExists` where the store has another run
 * of that id, and the store's for what is damaged or missing
 */
export const importBundle = async (folder: string, caller: Caller): Promise<ImportedRun> => {
  const { store: from, run, root, leftOut } = await openBundle(resolve(caller.cwd, folder));
  const document = await from.getRun(run);
  if (document?.root !== root)
    throw new CemiflowError('BundleIncomplete', `${folder} has no document of ${run} with the root ${root}`, {
      remedy: '"cemiflow audit --bundle" says what else is wrong with it',
      data: { folder, run, root },
    });
  const lineage = await openRun(from, { type: 'run', digest: root });
  const holdings = await holdingsOf(lineage, from);
  const store = await connectStore(caller);
  const there = await store.getRun(run);
  if (there && there.root !== root)
    throw new CemiflowError('RunExists', `the store has a run ${run} that is not this one`, {
      remedy: `"cemiflow rm ${run}" removes it; its results stay until "cemiflow gc --remove"`,
      data: { run, root, found: there.root ?? '' },
    });
  const absent = (
    await mapBounded(leftOut, lanes, async (digest) => ((await store.hasBlob(digest)) ? [] : digest))
  ).flat();
  // Before the records, which lead to them.
  await mapBounded(absent, lanes, (digest) => store.leftOut.add(digest));
  // The document of a run that was made here says more.
  const target = there ? { ...store, putRun: async () => {} } : store;
  await copyRun({ lineage, holdings, document }, new Set(leftOut), from, target);
  return { run, root, actions: lineage.records.size, leftOut: absent.length };
};
