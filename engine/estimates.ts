import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EstimateStage } from '../core/estimate.ts';
import type { ProbeStage } from '../core/probe.ts';
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
  return module === undefined ? undefined : (await importFrom<{ estimate: EstimateStage<object> }>(module)).estimate;
};

/** Loads what probes the work of a kind, which loads TensorFlow. @returns undefined for a kind that has nothing of the sort */
export const loadProbe = async (
  kind: string,
  places: readonly KindPlace[],
): Promise<ProbeStage<object> | undefined> => {
  const module = places.find((each) => each.kind === kind)?.probe;
  return module === undefined ? undefined : (await importFrom<{ probe: ProbeStage<object> }>(module)).probe;
};

const importFrom = async <T>(module: string): Promise<T> =>
  (await import(pathToFileURL(join(repository, module)).href)) as T;
