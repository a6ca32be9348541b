import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EstimateStage } from '../core/estimate.ts';
import type { ProbeStage } from '../core/probe.ts';
import { type KindPlace, repository } from '../schemas/kind-places.ts';

/**
 * Loads what estimates actions of a kind. Apart from its stage: a command that estimates loads neither stages nor TensorFlow.
 *
 * @param places of the kinds of this checkout @returns undefined for a kind that has nothing of the sort: it counts as no work
 */
export const loadEstimate = async (
  kind: string,
  places: readonly KindPlace[],
): Promise<EstimateStage<object> | undefined> => {
  const module = places.find((each) => each.kind === kind)?.estimate;
  if (module === undefined) return undefined;
  const [folder, first = '', second = '', ...more] = module.split('/');
  // Written so that esbuild bundles every estimate of this checkout: `run` estimates, and what an estimate throws must be of the bundle's
  // own classes. Kinds elsewhere, which only a command from source can load, are loaded by path.
  const loading =
    folder === 'activities' && second === 'estimate.ts'
      ? import(`../activities/${first}/estimate.ts`)
      : folder === 'methods' && more.length === 1
        ? import(`../methods/${first}/${second}/estimate.ts`)
        : importFrom(module);
  return ((await loading) as { readonly estimate: EstimateStage<object> }).estimate;
};

/** Loads what probes the work of a kind, which loads TensorFlow. @returns undefined for a kind that has nothing of the sort */
export const loadProbe = async (
  kind: string,
  places: readonly KindPlace[],
): Promise<ProbeStage<object> | undefined> => {
  const module = places.find((each) => each.kind === kind)?.probe;
  return module === undefined ? undefined : ((await importFrom(module)) as { probe: ProbeStage<object> }).probe;
};

const importFrom = (module: string): Promise<unknown> => import(pathToFileURL(join(repository, module)).href);
