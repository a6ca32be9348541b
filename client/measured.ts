import type { ActionKey, ActionRecord, Outputs } from '../core/action.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { CemiflowError } from '../core/errors.ts';
import { loadEstimate } from '../engine/estimates.ts';
import { kindPlaces } from '../schemas/kind-places.ts';
import { estimateNodes, type Given } from '../spec/estimate.ts';
import { type Measurement, measurementOf } from '../spec/rates.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { factsIn } from './facts.ts';
import { progressNodes } from './planned.ts';

type Reader = Pick<Store, 'listRuns' | 'getRecord' | 'getArtifact'>;

/** Of so many runs, the latest, the records are read: each has hundreds. */
const runsRead = 20;

/** How fast the actions of the latest runs were. An action that several runs have counts once. */
export const measuredIn = async (store: Reader): Promise<Measurement[]> => {
  const found = new Map<ActionKey, Measurement>();
  const runs = (await store.listRuns()).slice(0, runsRead);
  const kinds = await kindsOf(runs.flatMap(({ plan }) => plan.nodes.map(({ kind }) => kind)));
  for (const run of runs)
    for (const [key, measurement] of await measuredOf(run, kinds, store)) found.set(key, measurement);
  return [...found.values()];
};

const measuredOf = async (
  run: RunDocument,
  kinds: Given['kinds'],
  store: Reader,
): Promise<[ActionKey, Measurement][]> => {
  const kept = await mapBounded(keysIn(run), lanes, async ([id, key]) => [id, await store.getRecord(key)] as const);
  const records = new Map(kept.flatMap(([id, record]) => (record ? [[id, record] as const] : [])));
  const stored = new Map(
    await mapBounded([...records], lanes, async ([id, { outputs }]) => [id, await factsThere(outputs, store)] as const),
  );
  const work = worksOf(run, { kinds, expected: new Map(), stored });
  const measured = await mapBounded([...records], lanes, async ([id, record]) => {
    const multiplyAdds = work.get(id);
    if (!multiplyAdds) return [];
    const measurement = measurementOf(record, await shardsOf(record, store), multiplyAdds);
    return measurement ? [[record.key, measurement] as [ActionKey, Measurement]] : [];
  });
  return measured.flat();
};

/** What estimates actions of these kinds. */
export const kindsOf = async (names: readonly string[]): Promise<Given['kinds']> => {
  const places = kindPlaces();
  const loaded = [...new Set(names)].map(async (kind) => [kind, await loadEstimate(kind, places)] as const);
  return new Map(await Promise.all(loaded));
};

/** Keys of the nodes that a run has made or found made. */
const keysIn = (run: RunDocument): [id: string, key: ActionKey][] => {
  const made = Object.entries(run.nodes ?? {}).flatMap(([id, node]): [string, ActionKey][] =>
    'key' in node ? [[id, node.key]] : [],
  );
  if (made.length > 0) return made;
  return progressNodes(run).flatMap(({ id, key, outputs }): [string, ActionKey][] =>
    key && outputs ? [[id, key]] : [],
  );
};

/** Multiplications of its nodes. A run of an earlier version may lack parameters that today's estimates read: it says nothing then. */
const worksOf = ({ plan }: RunDocument, given: Given): ReadonlyMap<string, number | undefined> => {
  try {
    return new Map([...estimateNodes(plan.nodes, given)].map(([id, { work }]) => [id, work]));
  } catch {
    return new Map();
  }
};

/** Facts of outputs; none where a gc has taken one of them, or it is damaged. */
const factsThere = (outputs: Outputs, store: Reader) =>
  factsIn(outputs, store).catch((error) => {
    if (error instanceof CemiflowError) return {};
    throw error;
  });

const shardsOf = async ({ parts = [] }: ActionRecord, store: Reader): Promise<ActionRecord[]> =>
  (await mapBounded(parts, lanes, (key) => store.getRecord(key))).filter((record) => record !== undefined);
