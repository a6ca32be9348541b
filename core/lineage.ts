import type { ActionKey, ActionRecord } from './action.ts';
import { type ArtifactRef, artifactRefsIn } from './artifact.ts';
import type { Digest } from './digest.ts';
import { dependenciesOf, type PlanNode } from './plan.ts';
import type { RunRecord } from './run-record.ts';

/** A run with the records of all its actions. */
export interface Lineage {
  /** The artifact of type `run` that it was read from; absent for a run that has not finished. */
  readonly root?: ArtifactRef;
  readonly run: RunRecord;
  /** Of nodes and of their parts; what could not be read is left out. */
  readonly records: ReadonlyMap<ActionKey, ActionRecord>;
  /** Digest of each record's canonical JSON. */
  readonly digests: ReadonlyMap<ActionKey, Digest>;
}

/** A node of a run that was made. */
export interface MadeNode {
  readonly node: PlanNode;
  readonly key: ActionKey;
  readonly record: ActionRecord;
}

/** The nodes that were made, in the plan's order, which is topological. */
export const madeNodes = ({ run, records }: Lineage): MadeNode[] =>
  run.plan.nodes.flatMap((node) => {
    const made = run.nodes[node.id];
    const record = made && 'key' in made ? records.get(made.key) : undefined;
    return record ? [{ node, key: record.key, record }] : [];
  });

/** The set of images that a node made; undefined where it made none. */
export const madeDataset = (
  lineage: Lineage,
  id: string,
): { readonly made: MadeNode; readonly ref: ArtifactRef } | undefined => {
  const made = madeNodes(lineage).find(({ node }) => node.id === id);
  const ref = Object.values(made?.record.outputs ?? {}).find(({ type }) => type === 'dataset');
  return made && ref && { made, ref };
};

/** Records of the parts that a node was made of, in order; those that could not be read are left out. */
export const shardsOf = ({ records }: Pick<Lineage, 'records'>, { parts = [] }: ActionRecord): ActionRecord[] =>
  parts.flatMap((key) => records.get(key) ?? []);

/** The node and all its ancestors, each once, in the plan's order. */
export const ancestorsOf = (lineage: Lineage, id: string): MadeNode[] => {
  const nodes = madeNodes(lineage);
  const byId = new Map(nodes.map((each) => [each.node.id, each]));
  const found = new Set<string>();
  const visit = (at: string): void => {
    const made = byId.get(at);
    if (!made || found.has(at)) return;
    found.add(at);
    for (const need of dependenciesOf(made.node)) visit(need);
  };
  visit(id);
  return nodes.filter(({ node }) => found.has(node.id));
};

/** The first node of the plan that made this artifact; of a part's output, the node that it became part of. */
export const producerOf = (lineage: Lineage, digest: Digest): MadeNode | undefined => {
  const makes = ({ outputs }: ActionRecord): boolean =>
    Object.values(outputs).some((output) => output.digest === digest);
  const nodes = madeNodes(lineage);
  return nodes.find(({ record }) => makes(record)) ?? nodes.find(({ record }) => shardsOf(lineage, record).some(makes));
};

/** Artifacts that an action took: those that its parameters name. */
export const inputArtifacts = ({ action }: ActionRecord): ArtifactRef[] => artifactRefsIn(action.params);
