import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EstimateStage } from '../core/estimate.ts';
import { type KindPlace, repository } from '../schemas/kind-places.ts';

/**
 * Loads what estimates actions of a kind, by path, as stages are loaded. Apart from them: a command that estimates loads neither stages
 * nor TensorFlow.
 *
 * @param places of the kinds of this checkout @returns undefined for a kind that has nothing of the sort: it counts as no work
 */
export const loadEstimate = async (
  kind: string,
  places: readonly KindPlace[],
): Promise<EstimateStage<object> | undefined> => {
  const module = places.find((each) => each.kind === kind)?.estimate;
  if (module === undefined) return undefined;
  const { estimate } = (await import(pathToFileURL(join(repository, module)).href)) as {
    readonly estimate: EstimateStage<object>;
  };
  return estimate;
};
