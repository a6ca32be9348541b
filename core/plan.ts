import type { Action, ActionKey, Outputs } from './action.ts';
import type { ArtifactRef, ArtifactType } from './artifact.ts';
import { type Digest, digestOfJson, hexOf } from './digest.ts';
import { CemiflowError, type Json, type JsonObject } from './errors.ts';

/** `cpu`: plain code (rendering, reports). `tensor`: TensorFlow; runs on a `gpu` worker where the run asks for one. */
export type Resource = 'cpu' | 'tensor';

/** Placeholder in a node's params for another node's output: `{"$node": "teacher", "$output": "weights"}`. */
export interface NodeRef {
  readonly $node: string;
  readonly $output: string;
}

export const isNodeRef = (value: unknown): value is NodeRef =>
  typeof value === 'object' && value !== null && '$node' in value && '$output' in value;

/** A folder outside the store that a node reads. Its content is part of the node's params; where it lies is not. */
export interface NodePlace {
  /** Absolute. */
  readonly path: string;
  /** As the spec names it: `./photos`. Of an absolute path, its last name alone. */
  readonly written: string;
}

/** Places by the parameter that names them. */
export type NodePlaces = { readonly [param: string]: NodePlace };

/** One action-to-be: a stage at one point of its matrix. */
export interface PlanNode {
  /** `teacher`, or `student[m=0.5]`: stable, shown to people, used in Temporal's ids. */
  readonly id: string;
  readonly stage: string;
  readonly kind: string;
  readonly matrix: JsonObject;
  /** Defaults filled in; NodeRefs where artifacts will be. */
  readonly params: JsonObject;
  readonly seed: number;
  readonly code: Digest;
  readonly resource: Resource;
  /** Whether the kind is split into shards, each a separate activity. */
  readonly sharded: boolean;
  readonly outputs: { readonly [name: string]: ArtifactType };
  /** Where the node finds its folders on this machine: in no key, and in nothing that is kept for others. */
  readonly places?: NodePlaces;
  /** Of a kind of a user's own: the artifact that holds its code. In no key, and no run's id: the code's digest is. */
  readonly source?: Digest;
}

/** An experiment expanded: nodes in a topological order. Canonical, so that its digest names the run. */
export interface Plan {
  readonly experiment: string;
  readonly nodes: readonly PlanNode[];
}

/**
 * Names the plan: the same spec, inputs and code give the same digest, whatever the order of keys in the file and wherever its
 * folders lie.
 */
export const planDigest = (plan: Plan): Digest =>
  digestOfJson(withoutSources(withoutPlaces(plan)) as unknown as JsonObject);

const withoutSources = ({ nodes, ...plan }: Plan): Plan => ({
  ...plan,
  nodes: nodes.map(({ source: _, ...node }) => node),
});

/** The plan as it is kept: it says what a node reads, not where that lies on this machine. */
export const withoutPlaces = ({ nodes, ...plan }: Plan): Plan => ({
  ...plan,
  nodes: nodes.map(({ places: _, ...node }) => node),
});

/** `quickstart-1f2e3d4c5b6a`: the same plan always has the same run, so that starting it twice attaches. */
export const runIdOf = (plan: Plan): string => `${plan.experiment}-${hexOf(planDigest(plan)).slice(0, 12)}`;

/** What of a node's places a record may say: the paths as the spec names them. */
export const writtenPaths = (places: NodePlaces): { readonly [param: string]: string } =>
  Object.fromEntries(Object.entries(places).map(([param, { written }]) => [param, written]));

/** Where a running stage finds its folders. */
export const pathsOf = (places: NodePlaces): { readonly [param: string]: string } =>
  Object.fromEntries(Object.entries(places).map(([param, { path }]) => [param, path]));

/** Whether a node makes a report. */
export const isReport = ({ outputs }: PlanNode): boolean => Object.values(outputs).includes('report');

/** Ids of the nodes whose outputs this node needs, each once, in order of appearance. */
export const dependenciesOf = (node: Pick<PlanNode, 'params'>): string[] => [
  ...new Set(nodeRefsIn(node.params).map((r) => r.$node)),
];

const nodeRefsIn = (value: Json): NodeRef[] => {
  if (isNodeRef(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(nodeRefsIn);
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(nodeRefsIn);
  return [];
};

/**
 * The node's params with an `ArtifactRef` in the place of each NodeRef.
 *
 * @param outputsByNode outputs of at least the nodes that this one needs
 * @throws CemiflowError `OutputMissing` where a needed output is not there
 */
export const resolveParams = (node: PlanNode, outputsByNode: ReadonlyMap<string, Outputs>): JsonObject =>
  replaceNodeRefs(node.params, (ref) => ({ ...outputOf(ref, node.id, outputsByNode) }));

/** Parameters with something else in the place of each NodeRef. */
export const replaceNodeRefs = (params: JsonObject, by: (ref: NodeRef) => Json): JsonObject => {
  const replaced = (value: Json): Json => {
    if (isNodeRef(value)) return by(value);
    if (Array.isArray(value)) return value.map(replaced);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item)]));
  };
  return replaced(params) as JsonObject;
};

/** The action that a node becomes once the outputs that it needs are known; its key is `actionKey(toAction(…))`. */
export const toAction = (node: PlanNode, outputsByNode: ReadonlyMap<string, Outputs>): Action => ({
  kind: node.kind,
  params: resolveParams(node, outputsByNode),
  seed: node.seed,
  code: node.code,
});

const outputOf = (ref: NodeRef, user: string, outputsByNode: ReadonlyMap<string, Outputs>): ArtifactRef => {
  const output = outputsByNode.get(ref.$node)?.[ref.$output];
  if (output) return { type: output.type, digest: output.digest };
  throw new CemiflowError('OutputMissing', `${user} needs output ${ref.$output} of ${ref.$node}, which is not there`, {
    remedy: `check that the stage kind of ${ref.$node} returns ${ref.$output}, as its schema says`,
    data: { user, node: ref.$node, output: ref.$output },
  });
};

/**
 * Why a node is a hit or a miss; `pending` when an input has to be made first, so that its key is not known yet; `absent` in an
 * estimate, where the files that it reads are not on this machine.
 */
export type NodeStatus =
  | { readonly state: 'hit'; readonly key: ActionKey; readonly adopted?: true }
  | { readonly state: 'miss'; readonly key: ActionKey; readonly reason: string }
  | { readonly state: 'pending'; readonly reason: string }
  | { readonly state: 'absent'; readonly reason: string };
