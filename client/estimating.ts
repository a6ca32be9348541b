import type { ArtifactRef } from '../core/artifact.ts';
import type { PlanNode } from '../core/plan.ts';
import { loadEstimate } from '../engine/estimates.ts';
import { kindPlaces } from '../schemas/kind-places.ts';
import { estimateNodes, type KnownFacts, type NodeEstimate } from '../spec/estimate.ts';
import { type Expected, expectedFacts } from '../spec/expects.ts';
import type { PlanStatus } from '../spec/plan-status.ts';
import type { Store } from '../store/index.ts';
import type { Planned } from './planned.ts';

/** Operations a second that are assumed of a GPU, in 10¹²: what printed trainings on A100s come to (docs/cli.md, "What a run will cost"). */
export const defaultTflops = 20;

/** What a plan is expected to cost. */
export interface PlanEstimate {
  readonly tflops: number;
  /** By id. */
  readonly nodes: ReadonlyMap<string, NodeEstimate & { readonly gpuHours?: number }>;
  /** Of the actions that are not done yet. */
  readonly todo: {
    readonly actions: number;
    /** Multiplications, each with an addition. */
    readonly multiplyAdds: number;
    readonly gpuHours: number;
    readonly bytes: number;
  };
  /** Actions that are not done and not, or not wholly, in these sums, and what is not known. */
  readonly notEstimated: readonly { readonly node: string; readonly missing: readonly string[] }[];
  /** Where what was made differs from what the spec expected. */
  readonly unexpected: readonly Unexpected[];
}

export interface Unexpected {
  readonly node: string;
  readonly fact: string;
  readonly expected: number;
  readonly found: number;
}

/** Estimates a plan. What is in the store counts as it is. */
export const estimateOf = async (
  { plan, expected = new Map() }: Planned,
  { nodes: states, records }: PlanStatus,
  store: Pick<Store, 'getArtifact'>,
  tflops: number,
): Promise<PlanEstimate> => {
  const places = kindPlaces();
  const names = [...new Set(plan.nodes.map(({ kind }) => kind))];
  const kinds = new Map(
    await Promise.all(names.map(async (kind) => [kind, await loadEstimate(kind, places)] as const)),
  );
  const stored = new Map<string, { [output: string]: KnownFacts }>();
  for (const [id, { outputs }] of records) {
    const facts = Object.entries(outputs).map(async ([name, ref]) => [name, await factsOf(ref, store)] as const);
    stored.set(id, Object.fromEntries(await Promise.all(facts)));
  }
  const found = estimateNodes(plan.nodes, { kinds, expected, stored });
  const hoursOf = (work: number): number => (2 * work) / (tflops * 1e12) / 3600;
  const nodes = new Map(
    [...found].map(([id, each]) => [id, { ...each, ...(each.work !== undefined && { gpuHours: hoursOf(each.work) }) }]),
  );
  const todo = plan.nodes.filter(({ id }) => states.get(id)?.state !== 'hit').map(({ id }) => id);
  const sum = (of: (each: NodeEstimate) => number | undefined): number =>
    todo.reduce((all, id) => all + (of(found.get(id) as NodeEstimate) ?? 0), 0);
  const multiplyAdds = sum(({ work }) => work);
  return {
    ...{ tflops, nodes },
    todo: { actions: todo.length, multiplyAdds, gpuHours: hoursOf(multiplyAdds), bytes: sum(({ bytes }) => bytes) },
    notEstimated: todo.flatMap((node) => {
      const { missing } = found.get(node) as NodeEstimate;
      return missing.length > 0 ? [{ node, missing }] : [];
    }),
    unexpected: plan.nodes.flatMap((node) => unexpectedOf(node, expected, stored)),
  };
};

/** Numbers that the manifest of a stored artifact holds. */
const factsOf = async (ref: ArtifactRef, store: Pick<Store, 'getArtifact'>): Promise<KnownFacts> => {
  const { meta, files } = await store.getArtifact(ref);
  const named = ['images', 'identities', 'height', 'width'].flatMap((fact) => {
    const value = meta[fact];
    return typeof value === 'number' ? [[fact, value] as const] : [];
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const facts: KnownFacts = Object.fromEntries(named);
  const images = facts.images ?? imagesOfSets(meta.counts);
  return { bytes, ...facts, ...(images !== undefined && { images }) };
};

/** Images of verification sets that were taken in: their manifest counts them by set. */
const imagesOfSets = (counts: unknown): number | undefined => {
  if (typeof counts !== 'object' || counts === null) return undefined;
  const each = Object.values(counts).map((count) => (count as { readonly images?: unknown } | null)?.images);
  return each.every((images) => typeof images === 'number') ? each.reduce((a: number, b) => a + b, 0) : undefined;
};

const unexpectedOf = (
  { id, outputs }: PlanNode,
  expected: ReadonlyMap<string, Expected>,
  stored: ReadonlyMap<string, { readonly [output: string]: KnownFacts }>,
): Unexpected[] => {
  const wanted = expected.get(id);
  const made = stored.get(id)?.[Object.keys(outputs)[0] ?? ''];
  if (!wanted || !made) return [];
  return expectedFacts.flatMap((fact) => {
    const [before, after] = [wanted[fact], made[fact]];
    const differs = before !== undefined && after !== undefined && before !== after;
    return differs ? [{ node: id, fact, expected: before, found: after }] : [];
  });
};
