import type { ActionKey } from './action.ts';
import type { ArtifactType } from './artifact.ts';
import type { Digest } from './digest.ts';
import type { Json, JsonObject } from './errors.ts';

/** `cpu`: plain code (rendering, reports). `tensor`: TensorFlow; runs on a `gpu` worker where the run asks for one. */
export type Resource = 'cpu' | 'tensor';

/** Stands in a node's params where another node's output belongs: `{"$node": "teacher", "$output": "weights"}`. */
export interface NodeRef {
  readonly $node: string;
  readonly $output: string;
}

export const isNodeRef = (value: unknown): value is NodeRef =>
  typeof value === 'object' && value !== null && '$node' in value && '$output' in value;

/** One action-to-be: a stage at one point of its matrix. */
export interface PlanNode {
  /** `teacher`, or `student[m=0.5]`: stable, shown to people, used in Temporal's ids. */
  readonly id: string;
  readonly stage: string;
  readonly kind: string;
  readonly matrix: JsonObject;
  /** Defaults filled in; NodeRefs where artifacts will stand. */
  readonly params: JsonObject;
  readonly seed: number;
  readonly code: Digest;
  readonly resource: Resource;
  /** Whether the kind is cut into parts, each an activity of its own. */
  readonly sharded: boolean;
  readonly outputs: { readonly [name: string]: ArtifactType };
}

/** An experiment expanded: nodes in a topological order. Canonical, so that its digest names the run. */
export interface Plan {
  readonly experiment: string;
  readonly nodes: readonly PlanNode[];
}

/** Ids of the nodes whose outputs this node needs, each once, in order of appearance. */
export const dependenciesOf = (node: PlanNode): string[] => [...new Set(nodeRefsIn(node.params).map((r) => r.$node))];

const nodeRefsIn = (value: Json): NodeRef[] => {
  if (isNodeRef(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(nodeRefsIn);
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(nodeRefsIn);
  return [];
};

/** Why a node is a hit or a miss; `pending` when an input has to be made first, so that its key is not known yet. */
export type NodeStatus =
  | { readonly state: 'hit'; readonly key: ActionKey }
  | { readonly state: 'miss'; readonly key: ActionKey; readonly reason: string }
  | { readonly state: 'pending'; readonly reason: string };
