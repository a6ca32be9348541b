import type { ActionKey } from '../../core/action.ts';
import type { Digest } from '../../core/digest.ts';
import type { Lineage } from '../../core/lineage.ts';
import { type Plan, runIdOf, withoutPlaces } from '../../core/plan.ts';
import type { RunPlaces } from '../../core/run-record.ts';
import { isoTime } from '../../core/time.ts';
import { keptSpec } from '../../spec/run-spec.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { isLive } from '../../store/marks.ts';
import { keepRun } from '../seal.ts';

/**
 * Keeps the run under the name that today's code gives it, where all of it was made: as if it had been run again, and all had
 * been there.
 *
 * @param keys of today, by node
 * @returns undefined where the run has not come to its end, or one of that name is under way
 */
export const sealAdopted = async (
  { root, run }: Lineage,
  { places }: Pick<RunDocument, 'places'>,
  plan: Plan,
  keys: ReadonlyMap<string, ActionKey>,
  store: Store,
): Promise<RunDocument | undefined> => {
  const id = runIdOf(plan);
  if (!root || plan.nodes.some((node) => run.nodes[node.id] === undefined)) return undefined;
  const before = await store.getRun(id);
  if (before && isLive(before)) return undefined;
  const nodes = Object.entries(run.nodes).map(([node, made]) => [
    node,
    'key' in made ? { key: keys.get(node) as ActionKey } : made,
  ]);
  // Sealed again, because its records may name a statement that was lost. With the same records the root is the same.
  if (before?.root) return keepRun(store, before, Object.fromEntries(nodes));
  const now = isoTime(new Date());
  const fresh: RunDocument = {
    ...{ id, plan: withoutPlaces(plan), spec: keptSpec(run.spec), places: placesOf(run.spec.path, plan, places) },
    ...{ startedAt: now, endedAt: now, workflowId: id, state: 'done' },
  };
  return keepRun(store, fresh, Object.fromEntries(nodes));
};

/** Runs of older code hold the paths in their records. */
const placesOf = (spec: string, plan: Plan, known: RunPlaces | undefined): RunPlaces => {
  const folders = plan.nodes.flatMap(({ params, places = {} }) =>
    Object.values(places).map(({ path }): [Digest, string] => [params.content as Digest, path]),
  );
  return { spec, ...known, folders: { ...known?.folders, ...Object.fromEntries(folders) } };
};
