import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { ancestorsOf, type Lineage, madeNodes } from '../lineage.ts';
import type { Reading } from '../reading.ts';
import { nodeOfParam } from '../trace/chain.ts';
import type { Finding } from './finding.ts';

/**
 * Models that stand on results of the benchmark that scores them: a checkpoint, threshold or hyperparameter was chosen on the
 * test set.
 */
export const selection = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const found: Finding[] = [];
  for (const { node, record } of madeNodes(lineage)) {
    if (record.action.kind !== 'evaluate/verification') continue;
    const benchmarks = record.action.params.benchmarks as unknown as ArtifactRef;
    const model = nodeOfParam(node, 'recognizer');
    if (model === undefined) continue;
    const behind = ancestorsOf(lineage, model);
    const files = await blobsOf(store, benchmarks);
    const chosenBy: string[] = [];
    for (const each of behind) {
      if (each.record.action.kind !== 'evaluate/verification') continue;
      const other = await blobsOf(store, each.record.action.params.benchmarks as unknown as ArtifactRef);
      if ([...other].some((digest) => files.has(digest))) chosenBy.push(each.node.id);
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

const blobsOf = async (store: Reading, ref: ArtifactRef): Promise<ReadonlySet<Digest>> =>
  new Set((await store.getArtifact(ref)).files.map(({ digest }) => digest));
