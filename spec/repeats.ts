import { canonicalJson } from '../core/canonical.ts';
import { type PlanNode, pathsOf, replaceNodeRefs } from '../core/plan.ts';

/**
 * Nodes that will be the same action as one before them: same kind, parameters, seed and code, and inputs that are the same. Keys say
 * so only once the inputs are made; this is known before.
 *
 * @param nodes in a topological order
 * @param absent nodes whose files are not there: their params do not say which files these are, so that their paths count
 * @returns the first node with that action, by the id of each later one
 */
export const repeatsIn = (
  nodes: readonly PlanNode[],
  absent: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> => {
  const firsts = new Map<string, string>();
  const repeats = new Map<string, string>();
  for (const { id, kind, params, seed, code, places = {} } of nodes) {
    const same = replaceNodeRefs(params, ({ $node, $output }) => ({ $node: repeats.get($node) ?? $node, $output }));
    const action = canonicalJson({ kind, params: same, seed, code, files: absent.has(id) ? pathsOf(places) : {} });
    const first = firsts.get(action);
    if (first === undefined) firsts.set(action, id);
    else repeats.set(id, first);
  }
  return repeats;
};
