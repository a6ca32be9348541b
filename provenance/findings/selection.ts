import type { ArtifactRef } from '../../core/artifact.ts';
import { ancestorsOf, type Lineage, madeNodes } from '../../core/lineage.ts';
import type { Reading } from '../reading.ts';
import { nodeOfParam } from '../trace/chain.ts';
import { Facts } from './facts.ts';
import type { Finding } from './finding.ts';

/**
 * Models that stand on results of the benchmark that scores them: a checkpoint, threshold or hyperparameter was chosen on the
 * test set. Another benchmark that shows images or people of it counts as well.
 */
export const selection = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const facts = new Facts(store);
  const found: Finding[] = [];
  for (const { node, record } of madeNodes(lineage)) {
    if (record.action.kind !== 'evaluate/verification') continue;
    const benchmarks = record.action.params.benchmarks as unknown as ArtifactRef;
    const model = nodeOfParam(node, 'recognizer');
    if (model === undefined) continue;
    const chosenBy: string[] = [];
    for (const each of ancestorsOf(lineage, model)) {
      if (each.record.action.kind !== 'evaluate/verification') continue;
      const other = each.record.action.params.benchmarks as unknown as ArtifactRef;
      if (await isOf(benchmarks, other, facts)) chosenBy.push(each.node.id);
    }
    if (chosenBy.length > 0)
      found.push({
        kind: 'selection',
        severity: 'warning',
        message: `${node.id} scores ${model} on a benchmark that it was chosen by: it stands on ${chosenBy.join(', ')}`,
        nodes: [node.id, model, ...chosenBy],
        evidence: { benchmarks: benchmarks.digest },
      });
  }
  return found;
};

const isOf = async (benchmarks: ArtifactRef, other: ArtifactRef, facts: Facts): Promise<boolean> =>
  benchmarks.digest === other.digest ||
  (await facts.people(benchmarks, other)).count > 0 ||
  (await facts.images(benchmarks, other)).count > 0;
