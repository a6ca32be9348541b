import { weightsCodec, weightsFields } from '../../artifacts/codecs/weights.ts';
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
        const chosenBy = await choosersOf(lineage, model, benchmarks, facts, store);
        if (chosenBy.length > 0) found.push(finding(scored, model, benchmarks, chosenBy));
      }
  }
  return found;
};

/** Nodes by which results on the benchmark, or on one that overlaps with it, went into a model. */
const choosersOf = async (
  lineage: Lineage,
  model: string,
  benchmarks: ArtifactRef,
  facts: Facts,
  store: Reading,
): Promise<string[]> => {
  const chosenBy: string[] = [];
  for (const each of ancestorsOf(lineage, model)) {
    const used = isMeasuring(each, 'accuracy') ? artifactsUsedAs(each, 'benchmark') : await decisiveIn(each, store);
    for (const other of used) if (await isOf(benchmarks, other, facts)) chosenBy.push(each.node.id);
  }
  return chosenBy;
};

/** What a training chose its epoch by, as its weights state it: one that only logged its validation chose nothing. */
const decisiveIn = async (made: MadeNode, store: Reading): Promise<ArtifactRef[]> => {
  const validations = artifactsUsedAs(made, 'validation');
  if (validations.length === 0) return [];
  const weights = Object.values(made.record.outputs).filter(({ type }) => type === 'weights');
  const stated = await Promise.all(
    weights.map(async (ref) => {
      const fields = weightsFields(await weightsCodec.read(store, ref));
      return fields.optional('chosen', () => fields.object('chosen').digest('by'));
    }),
  );
  return validations.filter(({ digest }) => stated.includes(digest));
};

const finding = ({ node }: MadeNode, model: string, { digest }: ArtifactRef, chosenBy: readonly string[]): Finding => {
  const others = chosenBy.filter((id) => id !== model);
  const why = [
    ...(others.length < chosenBy.length ? ['its epoch was chosen there'] : []),
    ...(others.length > 0 ? [`it depends on ${others.join(', ')}`] : []),
  ];
  return {
    kind: 'selection',
    severity: 'warning',
    message: `${node.id} scores ${model} on a benchmark that it was chosen by: ${why.join(', and ')}`,
    nodes: [node.id, model, ...others],
    evidence: { benchmarks: digest },
  };
};

const isOf = async (benchmarks: ArtifactRef, other: ArtifactRef, facts: Facts): Promise<boolean> =>
  benchmarks.digest === other.digest ||
  (await facts.people(benchmarks, other)).count > 0 ||
  (await facts.images(benchmarks, other)).count > 0;
