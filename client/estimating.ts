import { hostname } from 'node:os';
import { lanes, mapBounded } from '../core/bounded.ts';
import type { PlanNode } from '../core/plan.ts';
import { type ActionCost, Costs, type MachineCost, type Speeds } from '../spec/costs.ts';
import { estimateNodes, type KnownFacts, type NodeEstimate } from '../spec/estimate.ts';
import { type Expected, expectedFacts } from '../spec/expects.ts';
import type { PlanStatus } from '../spec/plan-status.ts';
import { repeatsIn } from '../spec/repeats.ts';
import type { Store } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { factsIn } from './facts.ts';
import { kindsOf } from './measured.ts';
import type { Planned } from './planned.ts';
import { probeActions } from './probing.ts';

export type { ActionCost, MachineCost } from '../spec/costs.ts';
export { type Basis, basisText } from '../spec/rates.ts';

/** Operations a second that are assumed of a GPU, in 10¹²: what printed trainings on A100s come to (docs/cli.md, "What a run will cost"). */
export const defaultTflops = 20;

/** What a plan is expected to cost. */
export interface PlanEstimate {
  readonly tflops: number;
  /** By id. */
  readonly nodes: ReadonlyMap<string, ActionCost>;
  /** What the actions that are not done yet take, by kind of machine. Seconds of `nodes` are of the first. */
  readonly machines: readonly MachineCost[];
  /** Of the actions that are not done yet, each once. */
  readonly todo: {
    readonly actions: number;
    /** Multiplications, each with an addition. */
    readonly multiplyAdds: number;
    /** At the assumed rate. */
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

/** How fast machines are taken to be. */
export interface EstimateSpeeds extends Omit<Speeds, 'host'> {
  /** Given where this machine is to be measured, at the kinds of work that it has no records of; on the CPU unless `device` says otherwise. */
  readonly caller?: Pick<Caller, 'env' | 'signal' | 'on'>;
}

/** Estimates a plan. What is in the store counts as it is. */
export const estimateOf = async (
  { plan, expected = new Map(), absent }: Pick<Planned, 'plan' | 'expected' | 'absent'>,
  { nodes: states, records }: PlanStatus,
  store: Pick<Store, 'getArtifact'>,
  { caller, ...speeds }: EstimateSpeeds,
): Promise<PlanEstimate> => {
  const kinds = await kindsOf(plan.nodes.map(({ kind }) => kind));
  const stored = new Map(
    await mapBounded([...records], lanes, async ([id, { outputs }]) => [id, await factsIn(outputs, store)] as const),
  );
  const given = { kinds, expected, stored };
  const found = estimateNodes(plan.nodes, given);
  const estimated = (node: PlanNode) => [node, found.get(node.id) as NodeEstimate] as const;
  const repeats = repeatsIn(plan.nodes, absent);
  const todo = plan.nodes
    .filter(({ id }) => states.get(id)?.state !== 'hit' && !repeats.has(id))
    .map((node) => estimated(node));
  const { measured, device = 'cpu' } = speeds;
  const work = todo.map(([node, { work = 0 }]) => [node, work] as const);
  const probed = caller ? await probeActions(work, plan.nodes, given, measured, device, caller) : [];
  const costs = new Costs({ ...speeds, measured: [...measured, ...probed], host: hostname() });
  const multiplyAdds = todo.reduce((sum, [, { work = 0 }]) => sum + work, 0);
  return {
    tflops: speeds.tflops,
    nodes: new Map(
      plan.nodes.map((node) => {
        const sameAs = repeats.get(node.id);
        return [node.id, { ...costs.ofAction(...estimated(node)), ...(sameAs !== undefined && { sameAs }) }];
      }),
    ),
    machines: costs.byMachine(todo),
    todo: {
      ...{ actions: todo.length, multiplyAdds, gpuHours: costs.gpuHours(multiplyAdds) },
      bytes: todo.reduce((sum, [, { bytes = 0 }]) => sum + bytes, 0),
    },
    notEstimated: todo.flatMap(([{ id }, { missing }]) => (missing.length > 0 ? [{ node: id, missing }] : [])),
    unexpected: plan.nodes.flatMap((node) => unexpectedOf(node, expected, stored)),
  };
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
