import type { ArtifactRef } from '../../core/artifact.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { plural } from '../../core/words.ts';
import type { Reading } from '../reading.ts';
import { artifactsUsedAs, isMeasuring, nodesUsedAs } from '../roles.ts';
import { Facts, type Shared } from './facts.ts';
import type { Finding } from './finding.ts';

/**
 * Images and people of a benchmark that are also in a dataset from which the scored model has learned: its accuracy there measures
 * memory.
 */
export const leakage = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const facts = new Facts(store);
  const found: Finding[] = [];
  for (const scored of madeNodes(lineage)) {
    if (!isMeasuring(scored, 'accuracy')) continue;
    const models = nodesUsedAs(scored.node, 'scored-model');
    const datasets = models.flatMap((model) => datasetsAmong(ancestorsOf(lineage, model)));
    for (const benchmarks of artifactsUsedAs(scored, 'benchmark'))
      for (const { node, ref } of datasets) {
        const people = await facts.people(benchmarks, ref);
        const images = await facts.images(benchmarks, ref);
        if (people.count + images.count > 0) found.push(finding(scored, node, people, images));
      }
  }
  return found;
};

const finding = ({ node }: MadeNode, dataset: string, people: Shared, images: Shared): Finding => {
  const what = [
    ...(people.count > 0 ? [plural(people.count, 'person', 'people')] : []),
    ...(images.count > 0 ? [plural(images.count, 'image')] : []),
  ].join(' and ');
  return {
    kind: 'leakage',
    severity: 'warning',
    message: `${node.id} scores a model that has learned from ${dataset}, which holds ${what} of the benchmark: its accuracy is no measure of unseen people`,
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
