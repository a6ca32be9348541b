import { CemiflowError } from './errors.ts';

/** A node of a directed graph and the nodes that must be done before it. */
export interface Vertex {
  readonly id: string;
  readonly needs: readonly string[];
}

/**
 * Vertices by level: level 0 needs nothing, level n needs at least one of level n-1. Inside a level the given order
 * stands, so the same input always gives the same order.
 *
 * @throws CemiflowError `DagInvalid` for a cycle, an unknown need or an id given twice
 */
export const levelsOf = (vertices: readonly Vertex[]): string[][] => {
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]));
  if (byId.size !== vertices.length)
    throw invalid(
      'ids must be unique',
      vertices
        .map((v) => v.id)
        .sort()
        .join(', '),
    );
  const unknown = vertices.find((vertex) => vertex.needs.some((need) => !byId.has(need)));
  if (unknown) throw invalid('every need must be a vertex', `${unknown.id} needs ${unknown.needs.join(', ')}`);
  const waits = new Map(vertices.map((vertex) => [vertex.id, new Set(vertex.needs).size]));
  const neededBy = new Map<string, string[]>(vertices.map((vertex) => [vertex.id, []]));
  for (const vertex of vertices) for (const need of new Set(vertex.needs)) neededBy.get(need)?.push(vertex.id);
  const place = new Map(vertices.map((vertex, i) => [vertex.id, i]));

  const levels: string[][] = [];
  let level = vertices.filter((vertex) => vertex.needs.length === 0).map((vertex) => vertex.id);
  while (level.length > 0) {
    levels.push(level);
    const next: string[] = [];
    for (const id of level)
      for (const user of neededBy.get(id) ?? []) {
        const left = (waits.get(user) ?? 0) - 1;
        waits.set(user, left);
        if (left === 0) next.push(user);
      }
    level = next.sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  }
  if (levels.flat().length < vertices.length) {
    throw invalid('the graph must have no cycle', (findCycle(vertices) ?? []).join(' → '));
  }
  return levels;
};

/** Every vertex after all that it needs; by level, inside a level in the given order. */
export const topologicalOrder = (vertices: readonly Vertex[]): string[] => levelsOf(vertices).flat();

/** Those of the vertices that are wanted or that a wanted one needs, directly or through others, in the given order. */
export const withNeeds = (vertices: readonly Vertex[], wanted: readonly string[]): Vertex[] => {
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]));
  const found = new Set<string>();
  const open = [...wanted];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(byId.get(id)?.needs ?? []));
  }
  return vertices.filter(({ id }) => found.has(id));
};

/**
 * How many vertices the longest way from each vertex has, itself among them: those with the most decide when all is done.
 *
 * @param vertices every one after all that it needs
 */
export const longestWays = (vertices: readonly Vertex[]): Map<string, number> => {
  const ways = new Map(vertices.map(({ id }) => [id, 1]));
  for (const { id, needs } of [...vertices].reverse())
    for (const need of needs) ways.set(need, Math.max(ways.get(need) ?? 1, (ways.get(id) ?? 1) + 1));
  return ways;
};

/** The first cycle met in the given order, its first vertex repeated at the end: `[a, b, a]`. */
export const findCycle = (vertices: readonly Vertex[]): string[] | undefined => {
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]));
  const done = new Set<string>();
  for (const start of vertices) {
    // An explicit stack: a chain of thousands must not exhaust the call stack.
    const path: { id: string; next: number }[] = [];
    const onPath = new Set<string>();
    const enter = (id: string): void => {
      path.push({ id, next: 0 });
      onPath.add(id);
    };
    if (!done.has(start.id)) enter(start.id);
    while (path.length > 0) {
      const top = path[path.length - 1] as { id: string; next: number };
      const need = byId.get(top.id)?.needs[top.next++];
      if (need === undefined) {
        path.pop();
        onPath.delete(top.id);
        done.add(top.id);
      } else if (onPath.has(need)) {
        return [...path.slice(path.findIndex((step) => step.id === need)).map((step) => step.id), need];
      } else if (!done.has(need) && byId.has(need)) enter(need);
    }
  }
  return undefined;
};

const invalid = (required: string, found: string): CemiflowError =>
  new CemiflowError('DagInvalid', `${required}, got ${found}`, {
    remedy: 'make the plan again with "cemiflow plan": a plan written by cemiflow has no such fault',
    data: { found },
  });
