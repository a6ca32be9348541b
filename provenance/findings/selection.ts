import type { ArtifactRef } from '../../core/artifact.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import type { Reading } from '../reading.ts';
import { artifactsUsedAs, isMeasuring, nodesUsedAs } from '../roles.ts';
import { Facts } from './facts.ts';
import type { Finding } from './finding.ts';

/**
 * Models that depend on results of the benchmark that scores them: a checkpoint, threshold or hyperparameter was chosen on the
 * test set. Another benchmark that shows images or people of it counts as well.
 */
export const selection = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const facts = new Facts(store);
  const found: Finding[] = [];
  for (const scored of madeNodes(lineage)) {
    if (!isMeasuring(scored, 'accuracy')) continue;
    for (const model of nodesUsedAs(scored.node, 'scored-model'))
      for (const benchmarks of artifactsUsedAs(scored, 'benchmark')) {
        const chosenBy = await choosersOf(lineage, model, benchmarks, facts);
        if (chosenBy.length > 0) found.push(finding(scored, model, benchmarks, chosenBy));
      }
  }
  return found;
};

/** Evaluations on the benchmark, or on one that overlaps with it, that a model depends on. */
const choosersOf = async (
  lineage: Lineage,
  model: string,
  benchmarks: ArtifactRef,
  facts: Facts,
): Promise<string[]> => {
  const chosenBy: string[] = [];
  for (const each of ancestorsOf(lineage, model)) {
    if (!isMeasuring(each, 'accuracy')) continue;
    for (const other of artifactsUsedAs(each, 'benchmark'))
      if (await isOf(benchmarks, other, facts)) chosenBy.push(each.node.id);
  }
  return chosenBy;
};

const finding = ({ node }: MadeNode, model: string, { digest }: ArtifactRef, chosenBy: readonly string[]): Finding => ({
  kind: 'selection',
  severity: 'warning',
  message: `${node.id} scores ${model} on a benchmark that it was chosen by: it depends on ${chosenBy.join(', ')}`,
  nodes: [node.id, model, ...chosenBy],
  evidence: { benchmarks: digest },
});

const isOf = async (benchmarks: ArtifactRef, other: ArtifactRef, facts: Facts): Promise<boolean> =>
  benchmarks.digest === other.digest ||
  (await facts.people(benchmarks, other)).count > 0 ||
  (await facts.images(benchmarks, other)).count > 0;
