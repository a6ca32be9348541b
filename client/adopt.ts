import { type Adoption, adoptRun } from '../engine/adopt/index.ts';
import { knownFolders } from '../engine/replay/places.ts';
import { projectDir } from '../services/paths.ts';
import type { Caller } from './caller.ts';
import { connectPlace } from './connect.ts';
import { lineageOf } from './lineage.ts';
import { findRun } from './runs.ts';

export type { Adoption } from '../engine/adopt/index.ts';

export interface AdoptRequest {
  /** Id of the run, the beginning of one, or the name of its experiment. */
  readonly run: string;
  /** Pieces to replay of each stage kind that changed, if it has that many. */
  readonly pieces: number;
  /** Chooses the pieces. */
  readonly seed: number;
}

/**
 * Lets the results of a run count under the code of this checkout, once pieces of them were replayed to the same bytes.
 *
 * @throws CemiflowError `AdoptionRefused` if a piece comes out differently
 */
export const adopt = async ({ run, ...choice }: AdoptRequest, caller: Caller): Promise<Adoption> => {
  const { env, signal, on, cwd } = caller;
  const { store, place } = await connectPlace(caller);
  const document = await findRun(store, run);
  const lineage = await lineageOf(store, document);
  return adoptRun(lineage, document, choice, {
    store,
    replays: { store: place, folders: await knownFolders(store, cwd), env, signal },
    root: projectDir,
    tell: (what) => on({ kind: 'step', what }),
  });
};
