import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Recompute } from '../core/recompute.ts';
import { type AnyStageKind, wholeKind } from '../core/stage.ts';
import { type KindPlace, kindPlaces, placeOfKind, repository } from '../schemas/kind-places.ts';

/**
 * Loads the module of a stage kind when it is first used, so that a worker that never trains does not load TensorFlow.
 *
 * @throws CemiflowError `UnknownKind`
 */
export const loadStage = async (kind: string): Promise<AnyStageKind> => {
  const { module } = placeOfKind(kind, placesHere());
  const { stage } = (await load(module)) as { readonly stage: AnyStageKind };
  return stage;
};

/**
 * Loads what computes the numbers of a kind again. Undefined for a kind that has nothing of the sort, or that this checkout does
 * not have.
 */
export const loadRecompute = async (kind: string): Promise<Recompute | undefined> => {
  const module = placesHere().find((each) => each.kind === wholeKind(kind))?.recompute;
  if (module === undefined) return undefined;
  const { recompute } = (await load(module)) as { readonly recompute: Recompute };
  return recompute;
};

/** The stage kinds of this checkout, looked for once in a process. */
const placesHere = (): readonly KindPlace[] => {
  places ??= kindPlaces();
  return places;
};
let places: readonly KindPlace[] | undefined;

const load = (module: string): Promise<unknown> => import(pathToFileURL(join(repository, module)).href);
