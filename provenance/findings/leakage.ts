import type { ArtifactRef } from '../../core/artifact.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { plural } from '../../core/words.ts';
import type { Reading } from '../reading.ts';
import { artifactsUsedAs, isMeasuring, nodesUsedAs } from '../roles.ts';
import { Facts, type Shared } from './facts.ts';
import type { Finding } from './finding.ts';

/**
 * Images and people of a benchmark that are also in a dataset from which the scored model has learned: its accuracy there measures
 * memory. And strangers of a privacy evaluation who are in a set that it looks at, or that its models have learned from: what
 * they reach in a search is not what strangers reach.
 */
export const leakage = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const facts = new Facts(store);
  const found: Finding[] = [];
  for (const made of madeNodes(lineage)) {
    const looked = lookedAt(made);
    if (!looked) continue;
    const datasets = looked.sources.flatMap((source) => datasetsAmong(ancestorsOf(lineage, source)));
    const once = [...new Map(datasets.map((each) => [each.node, each])).values()];
    for (const unseen of looked.unseen)
      for (const { node, ref } of once) {
        const people = await facts.people(unseen, ref);
        const images = await facts.images(unseen, ref);
        if (people.count + images.count > 0) found.push(finding(made, looked, node, people, images));
      }
  }
  return found;
};

/** What no other set may hold, and the nodes that other sets lead to. */
interface Looked {
  readonly unseen: readonly ArtifactRef[];
  readonly sources: readonly string[];
  readonly message: (id: string, dataset: string, what: string) => string;
}

const lookedAt = (made: MadeNode): Looked | undefined => {
  if (isMeasuring(made, 'accuracy'))
    return {
      unseen: artifactsUsedAs(made, 'benchmark'),
      sources: nodesUsedAs(made.node, 'scored-model'),
      message: (id, dataset, what) =>
        `${id} scores a model that has learned from ${dataset}, which holds ${what} of the benchmark: its accuracy is no measure of unseen people`,
    };
  if (isMeasuring(made, 'privacy'))
    return {
      unseen: artifactsUsedAs(made, 'strangers'),
      sources: (['judged-data', 'compared-data', 'judge'] as const).flatMap((use) => nodesUsedAs(made.node, use)),
      message: (id, dataset, what) =>
        `${id} depends on ${dataset}, which holds ${what} of its strangers: what they reach in a search is no measure of chance`,
    };
};

const finding = ({ node }: MadeNode, looked: Looked, dataset: string, people: Shared, images: Shared): Finding => {
  const what = [
    ...(people.count > 0 ? [plural(people.count, 'person', 'people')] : []),
    ...(images.count > 0 ? [plural(images.count, 'image')] : []),
  ].join(' and ');
  return {
    kind: 'leakage',
    severity: 'warning',
    message: looked.message(node.id, dataset, what),
    nodes: [node.id, dataset],
    evidence: {
      people: { count: people.count, examples: [...people.examples] },
      images: { count: images.count, examples: [...images.examples] },
    },
  };
};

const datasetsAmong = (nodes: readonly MadeNode[]): { readonly node: string; readonly ref: ArtifactRef }[] =>
  nodes.flatMap(({ node, record }) =>
    Object.values(record.outputs)
      .filter(({ type }) => type === 'dataset')
      .map((ref) => ({ node: node.id, ref })),
  );
